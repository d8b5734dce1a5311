#include "tlsa.hpp"

#include "protocol/hex.hpp"

#include <charconv>
#include <optional>

namespace tlsmodem::tls {
namespace {

void skip_spaces(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

// Takes a number and the spaces around it off the front.
std::optional<std::uint8_t> take_number(std::string_view& text) {
  skip_spaces(text);
  std::uint8_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data(), end, number);
  if (status != std::errc{} || stop == end || *stop != ' ') return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  skip_spaces(text);
  return number;
}

}  // namespace

at::result<tlsa_record> parse_tlsa(std::string_view text) {
  const at::failure wrong{at::error::incorrect_parameters,
                          "A TLSA record is \"<usage> <selector> <matching> <hexadecimal digits>\"."};
  const auto usage = take_number(text);
  const auto selector = usage ? take_number(text) : std::nullopt;
  const auto matching = selector ? take_number(text) : std::nullopt;
  if (!matching) return wrong;
  auto data = parse_hex(text);
  if (!data || data->empty()) return wrong;
  return tlsa_record{*usage, *selector, *matching, std::move(*data)};
}

std::string format_tlsa(const tlsa_record& record) {
  return std::to_string(record.usage) + " " + std::to_string(record.selector) + " " +
         std::to_string(record.matching) + " " + lower_hex(record.data);
}

}  // namespace tlsmodem::tls

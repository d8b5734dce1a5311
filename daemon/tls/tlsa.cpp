#include "tlsa.hpp"

#include "daemon/support/hex.hpp"

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

// -1 for what is none.
int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Nothing when a character is none of hexadecimal, or when half a byte is left over.
std::optional<bytes> parse_hex(std::string_view text) {
  bytes data;
  int high = -1;
  for (const char c : text) {
    if (c == ' ') continue;
    const int digit = hex_digit(c);
    if (digit < 0) return std::nullopt;
    if (high >= 0) data.push_back(static_cast<std::uint8_t>(high << 4 | digit));
    high = high >= 0 ? -1 : digit;
  }
  if (high >= 0) return std::nullopt;
  return data;
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

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

std::optional<std::uint8_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

// Nothing when a character is none of hexadecimal, or when half a byte is left over.
std::optional<bytes> parse_hex(std::string_view text) {
  bytes data;
  std::optional<std::uint8_t> high;
  for (const char c : text) {
    if (c == ' ') continue;
    const auto digit = hex_digit(c);
    if (!digit) return std::nullopt;
    if (high) data.push_back(static_cast<std::uint8_t>(*high << 4 | *digit));
    high = high ? std::nullopt : digit;
  }
  if (high) return std::nullopt;
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

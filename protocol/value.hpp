// Values of V.250 5.4.2: decimal numbers, quoted strings with \HH escapes, and omitted places.
// parse_values() makes typed values of a command's text once; `arguments` reads them with range checks.
#pragma once

#include "result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem::at {

struct value {
  enum class kind : std::uint8_t { omitted, number, string };
  kind is = kind::omitted;
  std::int64_t number = 0;
  std::string text;

  bool operator==(const value&) const = default;
};

// Errors: 50 for anything that is no value, 25 for a broken escape. An empty text is no value at all (not one
// omitted value).
result<std::vector<value>> parse_values(std::string_view text);

// The same for a text that parse_values() refused: what cannot be read counts as omitted. Only to find out
// what else belongs to a command that fails.
std::vector<value> parse_readable_values(std::string_view text);

// The string constant that stands for these bytes: quotes, backslashes and everything outside printable ASCII
// escaped, so that it may hold any byte and never breaks a line.
std::string quote(std::string_view raw);

// Reads the values of one command in order. The first failure sticks: later reads answer their defaults, and
// finish() tells the failure, or 50 when values were left over.
class arguments {
 public:
  explicit arguments(std::span<const value> values) : values_(values) {}

  std::int64_t number(std::int64_t low, std::int64_t high);
  std::int64_t number_or(std::int64_t otherwise, std::int64_t low, std::int64_t high);
  std::string text(std::size_t max_bytes);
  std::optional<std::string> optional_text(std::size_t max_bytes);
  std::span<const value> rest();
  std::optional<failure> finish();

 private:
  const value* next();
  std::int64_t checked(const value& v, std::int64_t low, std::int64_t high);
  void fail(error code, std::string why);

  std::span<const value> values_;
  std::size_t position_ = 0;
  std::optional<failure> failure_;
};

}  // namespace tlsmodem::at

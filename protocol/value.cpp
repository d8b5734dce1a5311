#include "value.hpp"

#include "hex.hpp"

#include <algorithm>
#include <charconv>

namespace tlsmodem::at {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Takes a string constant off the front of `text`, which begins behind the opening quote, up to behind the
// closing one.
result<std::string> take_string(std::string_view& text) {
  const auto end = std::min(text.find('"'), text.size());  // \22 has no quote in it
  const auto constant = text.substr(0, end);
  const bool is_closed = end < text.size();
  text.remove_prefix(is_closed ? end + 1 : end);
  if (!is_closed) return {error::incorrect_parameters, "A string has no closing quote."};
  std::string out;
  out.reserve(constant.size());  // a password is not copied about in a growing string
  for (std::size_t i = 0; i < constant.size(); ++i) {
    if (constant[i] != '\\') {
      out.push_back(constant[i]);
      continue;
    }
    // V.250 5.4.2.2: a backslash is followed by two hexadecimal digits.
    if (constant.size() - i < 3 || hex_digit(constant[i + 1]) < 0 || hex_digit(constant[i + 2]) < 0)
      return {error::invalid_characters, "A backslash in a string needs two hexadecimal digits."};
    out.push_back(static_cast<char>(hex_digit(constant[i + 1]) * 16 + hex_digit(constant[i + 2])));
    i += 2;
  }
  return out;
}

result<value> parse_number(std::string_view text) {
  std::string digits(text);
  std::erase(digits, ' ');  // V.250 5.4: spaces mean nothing outside strings
  const bool has_plus = digits.starts_with('+') && !digits.starts_with("+-");
  const char* const begin = digits.data() + (has_plus ? 1 : 0);
  const char* const end = digits.data() + digits.size();
  value v{value::kind::number, 0, {}};
  const auto [stop, status] = std::from_chars(begin, end, v.number);
  if (status != std::errc{} || stop != end)
    return {error::incorrect_parameters, "A value is neither a decimal number nor a quoted string."};
  return v;
}

// Takes one value off the front of `text`, up to its comma or the end.
result<value> take_value(std::string_view& text) {
  text = trimmed(text);
  if (text.empty() || text.front() != '"') {
    const auto word = trimmed(text.substr(0, text.find(',')));
    text.remove_prefix(std::min(text.find(','), text.size()));
    if (word.empty()) return value{};
    return parse_number(word);
  }
  text.remove_prefix(1);
  auto string = take_string(text);
  const auto behind = trimmed(text.substr(0, text.find(',')));
  text.remove_prefix(std::min(text.find(','), text.size()));
  if (!string) return string.why();
  if (!behind.empty()) return {error::incorrect_parameters, "Something follows a string's closing quote."};
  return value{value::kind::string, 0, std::move(*string)};
}

// Calls `each` with every place's result until it answers false.
template <typename Each>
void for_each_value(std::string_view text, Each each) {
  text = trimmed(text);
  if (text.empty()) return;
  while (each(take_value(text)) && !text.empty()) text.remove_prefix(1);  // the comma
}

}  // namespace

result<std::vector<value>> parse_values(std::string_view text) {
  std::vector<value> values;
  std::optional<failure> wrong;
  for_each_value(text, [&](result<value> v) {
    if (v) {
      values.push_back(std::move(*v));
    } else {
      wrong = v.why();
    }
    return !wrong;
  });
  if (wrong) return std::move(*wrong);
  return values;
}

std::vector<value> parse_readable_values(std::string_view text) {
  std::vector<value> values;
  for_each_value(text, [&](result<value> v) {
    values.push_back(v ? std::move(*v) : value{});
    return true;
  });
  return values;
}

std::string quote(std::string_view raw) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(3 * raw.size() + 2);  // as in take_string(): a password leaves no copies behind
  out.push_back('"');
  for (const char c : raw) {
    if (c >= ' ' && c <= '~' && c != '"' && c != '\\') {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'\\', digits[byte >> 4], digits[byte & 15]});
    }
  }
  out.push_back('"');
  return out;
}

void arguments::fail(error code, std::string why) {
  if (!failure_) failure_ = failure{code, std::move(why)};
}

const value* arguments::next() {
  const auto index = position_++;
  if (index >= values_.size() || values_[index].is == value::kind::omitted) return nullptr;
  return &values_[index];
}

std::int64_t arguments::checked(const value& v, std::int64_t low, std::int64_t high) {
  if (v.is == value::kind::number && v.number >= low && v.number <= high) return v.number;
  fail(error::incorrect_parameters, "Value " + std::to_string(position_) + " must be a number from " +
                                        std::to_string(low) + " to " + std::to_string(high) + ".");
  return low;
}

std::int64_t arguments::number(std::int64_t low, std::int64_t high) {
  const value* v = next();
  if (v != nullptr) return checked(*v, low, high);
  fail(error::incorrect_parameters, "Value " + std::to_string(position_) + " is missing.");
  return low;
}

std::int64_t arguments::number_or(std::int64_t otherwise, std::int64_t low, std::int64_t high) {
  const value* v = next();
  return v == nullptr ? otherwise : checked(*v, low, high);
}

std::optional<std::string> arguments::optional_text(std::size_t max_bytes) {
  const value* v = next();
  if (v == nullptr) return std::nullopt;
  if (v->is != value::kind::string) {
    fail(error::incorrect_parameters, "Value " + std::to_string(position_) + " must be a string.");
    return std::nullopt;
  }
  if (v->text.size() > max_bytes) {
    fail(error::string_too_long,
         "Value " + std::to_string(position_) + " is longer than " + std::to_string(max_bytes) + " bytes.");
    return std::nullopt;
  }
  return v->text;
}

std::string arguments::text(std::size_t max_bytes) {
  const bool is_present = position_ < values_.size() && values_[position_].is != value::kind::omitted;
  auto string = optional_text(max_bytes);
  if (!is_present) fail(error::incorrect_parameters, "Value " + std::to_string(position_) + " is missing.");
  return string.value_or(std::string{});
}

std::span<const value> arguments::rest() {
  const auto left = values_.subspan(std::min(position_, values_.size()));
  position_ = values_.size();
  return left;
}

std::optional<failure> arguments::finish() {
  if (position_ < values_.size())
    fail(error::incorrect_parameters, "There are more values than the command takes.");
  return failure_;
}

}  // namespace tlsmodem::at

// What the options of a profile are read from and written as.
#pragma once

#include "protocol/value.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem::option_values {

using outcome = std::optional<at::failure>;
using values = std::vector<at::value>;

inline outcome bad(std::string why) { return at::failure{at::error::incorrect_parameters, std::move(why)}; }

inline at::value number(std::int64_t n) { return {at::value::kind::number, n, {}}; }
inline at::value text(std::string_view t) { return {at::value::kind::string, 0, std::string(t)}; }

inline std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    auto part = list.substr(0, comma);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    parts.emplace_back(part);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return parts;
}

inline std::string join(std::span<const std::string> parts) {
  std::string list;
  for (const auto& part : parts) list += (list.empty() ? "" : ",") + part;
  return list;
}

// Words of an enum, in the order of its values.
template <typename Enum, std::size_t Count>
std::optional<Enum> from_word(const std::array<std::string_view, Count>& words, std::string_view word) {
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) return std::nullopt;
  return static_cast<Enum>(found - words.begin());
}

}  // namespace tlsmodem::option_values

// What the targets of the protocol library share: a check that no build type switches off, and ways to cut an
// input into pieces, none of which may change the outcome.
#pragma once

#include "protocol/bytes.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace tlsmodem::fuzz {

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// Takes the first byte off the input, 0 when there is none.
inline unsigned take_byte(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<unsigned char>(input.front());
  input.remove_prefix(1);
  return byte;
}

using pieces = std::vector<std::string_view>;

// All in one piece, or pieces of `size` bytes.
inline pieces cut(std::string_view input, std::size_t size) {
  pieces all;
  for (; !input.empty(); input.remove_prefix(all.back().size())) all.push_back(input.substr(0, size));
  return all;
}

// In two pieces, cut where `where` says.
inline pieces cut_once(std::string_view input, unsigned where) {
  if (input.empty()) return {};
  const auto position = where % input.size();
  return {input.substr(0, position), input.substr(position)};
}

}  // namespace tlsmodem::fuzz

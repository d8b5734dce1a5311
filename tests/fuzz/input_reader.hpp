// An input as a script: numbers and pieces, taken from its front. Behind its end everything is 0 or empty.
#pragma once

#include "protocol/bytes.hpp"

#include <algorithm>
#include <cstddef>

namespace tlsmodem::fuzz {

class input_reader {
 public:
  explicit input_reader(bytes_view in) : in_(in) {}

  std::uint8_t byte() {
    const auto taken = raw(1);
    return taken.empty() ? std::uint8_t{0} : taken[0];
  }
  std::size_t number() {
    const std::size_t high = byte();
    return high << 8 | byte();
  }
  // As many bytes as a number in front of them says, or all that are left.
  bytes_view counted() { return raw(number()); }
  bytes_view raw(std::size_t size) {
    const auto taken = in_.first(std::min(size, in_.size()));
    in_ = in_.subspan(taken.size());
    return taken;
  }
  bytes_view rest() { return raw(in_.size()); }
  bool is_at_end() const { return in_.empty(); }

 private:
  bytes_view in_;
};

}  // namespace tlsmodem::fuzz

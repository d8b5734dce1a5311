// The sliding window against replayed records, RFC 6347 4.1.2.6.
#pragma once

#include <cstdint>

namespace tlsmodem::dtls12 {

class replay_window {
 public:
  static constexpr std::uint64_t width = 64;

  replay_window() = default;
  // As next() and bits() told them.
  replay_window(std::uint64_t next, std::uint64_t bits) : next_(next), bits_(bits) {}
  // All numbers below `next` count as seen.
  static replay_window closed_below(std::uint64_t next) { return {next, ~std::uint64_t{0}}; }

  bool is_fresh(std::uint64_t number) const {
    if (number >= next_) return true;
    const auto age = next_ - 1 - number;
    return age < width && (bits_ >> age & 1) == 0;
  }
  bool is_newest(std::uint64_t number) const { return number >= next_; }

  // Only for records whose protection was checked.
  void accept(std::uint64_t number) {
    if (number >= next_) {
      const auto shift = number + 1 - next_;
      bits_ = shift < width ? bits_ << shift | 1 : 1;
      next_ = number + 1;
    } else if (next_ - 1 - number < width) {
      bits_ |= std::uint64_t{1} << (next_ - 1 - number);
    }
  }

  // One past the newest number; bit i tells of the number next() - 1 - i.
  std::uint64_t next() const { return next_; }
  std::uint64_t bits() const { return bits_; }
  bool operator==(const replay_window&) const = default;

 private:
  std::uint64_t next_ = 0;
  std::uint64_t bits_ = 0;
};

}  // namespace tlsmodem::dtls12

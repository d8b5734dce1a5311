// How the content of a row is put together and taken apart: big-endian numbers, names with a length of one
// byte, times in seconds. For the *_format sources.
#pragma once

#include "protocol/bytes.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tlsmodem::row_codec {

inline constexpr std::size_t max_name_bytes = 255;

// The whole size is known before a byte is written: a buffer that grows leaves copies of secrets behind.
class writer {
 public:
  explicit writer(std::size_t size) { out_.reserve(size); }
  void number(std::uint64_t value, int bytes_wide) {
    for (int shift = 8 * (bytes_wide - 1); shift >= 0; shift -= 8)
      out_.push_back(static_cast<std::uint8_t>(value >> shift));
  }
  void raw(bytes_view data) { out_.insert(out_.end(), data.begin(), data.end()); }
  void name(std::string_view text) {
    number(text.size(), 1);
    raw(as_bytes(text));
  }
  void time(std::chrono::sys_seconds when) {
    number(static_cast<std::uint64_t>(when.time_since_epoch().count()), 8);
  }
  bytes take() { return std::move(out_); }

 private:
  bytes out_;
};

// What is not there reads as zeros, and is_good() is false from then on.
class reader {
 public:
  explicit reader(bytes_view in) : in_(in) {}
  std::uint64_t number(std::size_t bytes_wide) {
    std::uint64_t value = 0;
    for (const auto byte : raw(bytes_wide)) value = value << 8 | byte;
    return value;
  }
  bytes_view raw(std::size_t size) {
    if (size > in_.size()) {
      is_good_ = false;
      in_ = {};
      return {};
    }
    const auto taken = in_.first(size);
    in_ = in_.subspan(size);
    return taken;
  }
  template <std::size_t size>
  void array(std::array<std::uint8_t, size>& into) {
    const auto taken = raw(size);
    std::copy(taken.begin(), taken.end(), into.begin());
  }
  std::string name() { return std::string(as_text(raw(number(1)))); }
  std::chrono::sys_seconds time() {
    // Beyond the year 9999 it is no time, and arithmetic with it overflows.
    constexpr std::uint64_t latest = 253'402'300'799;
    const auto seconds = number(8);
    if (seconds > latest) is_good_ = false;
    return std::chrono::sys_seconds(std::chrono::seconds(std::min(seconds, latest)));
  }
  bool is_good() const { return is_good_; }
  bool is_at_end() const { return in_.empty(); }

 private:
  bytes_view in_;
  bool is_good_ = true;
};

}  // namespace tlsmodem::row_codec

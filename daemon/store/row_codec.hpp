// How the content of a row is put together and taken apart: as all stored forms, with names that have a
// length of one byte, and times in seconds. For the *_format sources.
#pragma once

#include "daemon/support/byte_codec.hpp"
#include "protocol/error.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tlsmodem::row_codec {

inline constexpr std::size_t max_name_bytes = 255;
// Beyond the year 9999 it is no time, and arithmetic with it overflows.
inline constexpr std::chrono::sys_seconds latest_time{std::chrono::seconds(253'402'300'799)};

constexpr bool is_time(std::chrono::sys_seconds when) {
  return when >= std::chrono::sys_seconds{} && when <= latest_time;
}

// Why a row is not taken; for the log, which gets nothing of its content.
inline at::failure unreadable(std::string why) { return {at::error::internal, std::move(why)}; }
inline at::failure unknown_version() { return unreadable("it has an unknown version"); }
inline at::failure cut_row() { return unreadable("it is cut off or has bytes behind its end"); }
inline at::failure implausible() { return unreadable("it says what cannot be"); }

class writer : public byte_writer {
 public:
  using byte_writer::byte_writer;
  void name(std::string_view text) { counted(as_bytes(text), 1); }
  void time(std::chrono::sys_seconds when) {
    if (!is_time(when)) return refuse();
    number(static_cast<std::uint64_t>(when.time_since_epoch().count()), 8);
  }
};

class reader : public byte_reader {
 public:
  using byte_reader::byte_reader;
  template <std::size_t size>
  void array(std::array<std::uint8_t, size>& into) {
    const auto taken = raw(size);
    std::copy(taken.begin(), taken.end(), into.begin());
  }
  std::string name() { return text(1); }
  std::chrono::sys_seconds time() {
    constexpr auto latest = static_cast<std::uint64_t>(latest_time.time_since_epoch().count());
    const auto seconds = number(8);
    if (seconds > latest) refuse();
    return std::chrono::sys_seconds(std::chrono::seconds(std::min(seconds, latest)));
  }
};

}  // namespace tlsmodem::row_codec

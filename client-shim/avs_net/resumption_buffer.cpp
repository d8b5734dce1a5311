#include "resumption_buffer.hpp"

#include "protocol/commands/session.hpp"

#include <algorithm>
#include <array>

namespace tlsmodem::avs {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t handle_bytes = at::handle_digits / 2;
constexpr std::size_t checked_bytes = 1 + handle_bytes;
constexpr std::size_t record_bytes = checked_bytes + 4;
using record = std::array<std::uint8_t, record_bytes>;

std::array<std::uint8_t, 4> checksum(std::span<const std::uint8_t> data) {
  std::uint32_t sum = 2166136261U;
  for (const auto byte : data) sum = (sum ^ byte) * 16777619U;
  return {static_cast<std::uint8_t>(sum >> 24), static_cast<std::uint8_t>(sum >> 16),
          static_cast<std::uint8_t>(sum >> 8), static_cast<std::uint8_t>(sum)};
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string load_handle(std::span<const std::uint8_t> buffer) {
  if (buffer.size() < record_bytes || buffer.front() != version) return {};
  const auto checked = buffer.first(checked_bytes);
  if (!std::ranges::equal(checksum(checked), buffer.subspan(checked_bytes, 4))) return {};
  std::string handle;
  for (const auto byte : checked.subspan(1))
    handle.append({"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]});
  return handle;
}

void save_handle(std::string_view handle, std::span<std::uint8_t> buffer) {
  std::ranges::fill(buffer, std::uint8_t{0});
  if (handle.size() != at::handle_digits || buffer.size() < record_bytes) return;
  record made{version};
  for (std::size_t i = 0; i < handle_bytes; ++i) {
    const int high = digit(handle[2 * i]);
    const int low = digit(handle[2 * i + 1]);
    if (high < 0 || low < 0) return;
    made[1 + i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  std::ranges::copy(checksum(std::span(made).first(checked_bytes)), made.begin() + checked_bytes);
  std::ranges::copy(made, buffer.begin());
}

}  // namespace tlsmodem::avs

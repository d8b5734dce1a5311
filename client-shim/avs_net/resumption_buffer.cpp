#include "resumption_buffer.hpp"

#include "protocol/commands/session.hpp"
#include "protocol/hex.hpp"

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

}  // namespace

std::string load_handle(std::span<const std::uint8_t> buffer) {
  if (buffer.size() < record_bytes || buffer.front() != version) return {};
  const auto checked = buffer.first(checked_bytes);
  if (!std::ranges::equal(checksum(checked), buffer.subspan(checked_bytes, 4))) return {};
  return lower_hex(checked.subspan(1));
}

void save_handle(std::string_view handle, std::span<std::uint8_t> buffer) {
  std::ranges::fill(buffer, std::uint8_t{0});
  const auto raw = parse_hex(handle);
  // A handle has no capitals and no spaces: what cannot be given back as it was is none.
  if (!raw || raw->size() != handle_bytes || lower_hex(*raw) != handle || buffer.size() < record_bytes)
    return;
  record made{version};
  std::ranges::copy(*raw, made.begin() + 1);
  std::ranges::copy(checksum(std::span(made).first(checked_bytes)), made.begin() + checked_bytes);
  std::ranges::copy(made, buffer.begin());
}

}  // namespace tlsmodem::avs

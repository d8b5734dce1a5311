// Every limit of a channel, in one place: this is the memory that one client can make the other end hold.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tlsmodem::at {

// A command line without its terminator. Long enough for every command with a 255-byte name and escapes,
// short enough that an endless line costs nothing.
inline constexpr std::size_t max_line_bytes = 4096;
// The payload of one command: the largest credential bundle and a good bulk chunk.
inline constexpr std::size_t max_payload_bytes = 65536;
// The payload of one datagram: what one (D)TLS record carries, RFC 5246 6.2.1.
inline constexpr std::size_t max_datagram_bytes = 16384;
// A payload that is too long is still swallowed, so that the channel keeps step; beyond this the length
// itself is taken for a mistake and no payload is expected.
inline constexpr std::int64_t max_swallowed_payload_bytes = 0x7fffffff;
// Events held back while a command runs or the client does not read. What does not fit is counted as lost.
inline constexpr std::size_t max_held_events = 256;
// Output that waits for the client. Above it no event is emitted and no further input is taken.
inline constexpr std::size_t output_high_water_bytes = std::size_t{256} * 1024;
// Input that waits behind a command in progress; the driver stops reading above it.
inline constexpr std::size_t input_high_water_bytes = max_line_bytes + max_payload_bytes;
inline constexpr int profile_count = 16;
// RFC 6066 3 and RFC 1035: a host name is at most 255 bytes.
inline constexpr std::size_t max_host_bytes = 255;

}  // namespace tlsmodem::at

// The events (unsolicited result codes): lines that answer no command. One struct, one format and one parse
// each, so that both ends agree. format_*() gives the line without its line ends; parse functions take such a
// line.
#pragma once

#include "result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tlsmodem::at {

struct up_event {
  int id = 0;
  int how = 0;  // 0 full handshake, 1 resumed, 2 continued
  std::string version;
  std::string suite;
  std::string remote_address;
  std::uint16_t remote_port = 0;
  std::string local_address;
  std::uint16_t local_port = 0;

  bool operator==(const up_event&) const = default;
};

struct fail_event {
  int id = 0;
  error code = error::internal;
  int alert = -1;
  std::string text;

  bool operator==(const fail_event&) const = default;
};

enum class down_cause : std::uint8_t { peer_closed, alert, transport_error, truncated, radio_off, stopping };

struct down_event {
  int id = 0;
  down_cause cause = down_cause::peer_closed;
  int alert = -1;
  std::string text;

  bool operator==(const down_event&) const = default;
};

// #TRX: its payload follows the line.
struct received_event {
  int id = 0;
  std::size_t length = 0;
  bool is_truncated = false;

  bool operator==(const received_event&) const = default;
};

// #TKEY
struct key_event {
  int id = 0;
  std::string handle;

  bool operator==(const key_event&) const = default;
};

// #TERR
struct error_event {
  int id = 0;
  error code = error::internal;

  bool operator==(const error_event&) const = default;
};

// #TMOVED: the peer's address has changed, under a connection ID.
struct moved_event {
  int id = 0;
  std::string address;
  std::uint16_t port = 0;

  bool operator==(const moved_event&) const = default;
};

std::string format(const moved_event& event);
std::string format(const up_event& event);
std::string format(const fail_event& event);
std::string format(const down_event& event);
std::string format(const received_event& event);
std::string format(const key_event& event);
std::string format(const error_event& event);
std::string format_ready(int id, std::size_t unread_bytes);  // #TRDY
std::string format_lost(std::uint64_t events);               // #TLOST

result<moved_event> parse_moved(std::string_view line);
result<key_event> parse_key(std::string_view line);
result<error_event> parse_error(std::string_view line);
result<up_event> parse_up(std::string_view line);
result<fail_event> parse_fail(std::string_view line);
result<down_event> parse_down(std::string_view line);
result<received_event> parse_received(std::string_view line);

// #TLOST
bool is_lost(std::string_view line);

// True if the line's first word is an event's name. Events have names that no command has.
bool is_event(std::string_view line);
// The length of the raw bytes that follow this line as a frame, if any do: #TRX, #TTX, #TRECV, and the #TCRED
// lines that carry a certificate.
std::optional<std::size_t> frame_payload_length(std::string_view line);

}  // namespace tlsmodem::at

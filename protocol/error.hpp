// The error numbers of the AT protocol: those of 3GPP TS 27.007 section 9.2 that are used here, and our own
// from 800 on. One enum for both ends, so that a number cannot mean two things.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tlsmodem::at {

enum class error : int {
  // 27.007
  not_allowed = 3,
  not_supported = 4,
  memory_full = 20,
  invalid_index = 21,
  not_found = 22,
  memory_failure = 23,
  string_too_long = 24,
  invalid_characters = 25,
  no_network = 30,
  network_timeout = 31,
  incorrect_parameters = 50,
  unknown = 100,  // what is no command at all; a channel answers it with V.250's plain ERROR
  // reaching the peer
  name_not_resolved = 800,
  unreachable = 801,
  connection_refused = 802,
  connection_reset = 803,
  handshake_timeout = 804,
  // agreeing with the peer
  alert_received = 805,
  certificate_refused = 806,
  name_mismatch = 807,
  no_common_parameters = 808,
  credentials_missing = 809,
  credentials_unusable = 810,
  // using the socket
  not_connected = 811,
  busy = 812,
  message_too_long = 813,
  would_overflow = 814,
  limit_reached = 815,
  permission_denied = 816,
  aborted = 817,
  store_unavailable = 818,
  integrity_failure = 819,
  internal = 820,
  address_in_use = 821,
};

// A failure with the sentence that AT+CEER tells. The text never holds a secret.
struct failure {
  error code = error::internal;
  std::string text;
};

// The text of +CMEE=2; "unknown" for a number that is not in the table.
std::string_view describe(error code);

// Every enumerator once, in ascending order.
std::span<const error> all_errors();

}  // namespace tlsmodem::at

#include "error.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tlsmodem::at {
namespace {

using entry = std::pair<error, std::string_view>;

constexpr std::array table = {
    entry{error::not_allowed, "operation not allowed"},
    entry{error::not_supported, "operation not supported"},
    entry{error::memory_full, "memory full"},
    entry{error::invalid_index, "invalid index"},
    entry{error::not_found, "not found"},
    entry{error::memory_failure, "memory failure"},
    entry{error::string_too_long, "text string too long"},
    entry{error::invalid_characters, "invalid characters in text string"},
    entry{error::no_network, "no network service"},
    entry{error::network_timeout, "network timeout"},
    entry{error::incorrect_parameters, "incorrect parameters"},
    entry{error::unknown, "unknown"},
    entry{error::name_not_resolved, "name not resolved"},
    entry{error::unreachable, "unreachable"},
    entry{error::connection_refused, "connection refused"},
    entry{error::connection_reset, "connection reset"},
    entry{error::handshake_timeout, "handshake timeout"},
    entry{error::alert_received, "alert received"},
    entry{error::certificate_refused, "server certificate refused"},
    entry{error::name_mismatch, "server name mismatch"},
    entry{error::no_common_parameters, "no common parameters"},
    entry{error::credentials_missing, "credentials missing"},
    entry{error::credentials_unusable, "credentials unusable"},
    entry{error::not_connected, "not connected"},
    entry{error::busy, "busy"},
    entry{error::message_too_long, "message too long"},
    entry{error::would_overflow, "would overflow"},
    entry{error::limit_reached, "limit reached"},
    entry{error::permission_denied, "permission denied"},
    entry{error::aborted, "aborted"},
    entry{error::store_unavailable, "store unavailable"},
    entry{error::integrity_failure, "decryption or integrity failure"},
    entry{error::internal, "internal error"},
    entry{error::address_in_use, "address in use"},
};

constexpr auto codes = [] {
  std::array<error, table.size()> list{};
  std::transform(table.begin(), table.end(), list.begin(), [](const entry& e) { return e.first; });
  return list;
}();

}  // namespace

std::string_view describe(error code) {
  const auto* found =
      std::find_if(table.begin(), table.end(), [&](const entry& e) { return e.first == code; });
  return found == table.end() ? "unknown" : found->second;
}

std::span<const error> all_errors() { return codes; }

}  // namespace tlsmodem::at

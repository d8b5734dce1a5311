// How long a connect waits where neither the profile nor the protocol says it
// (docs/decisions/0007-time-limits.md).
#pragma once

#include <chrono>

namespace tlsmodem {

// A host that swallows SYNs must not hold up the name's next address for the kernel's two minutes.
inline constexpr std::chrono::seconds tcp_connect_limit{10};
// TLS itself has no limit for a handshake; a server that stops in the middle would hold the socket for ever.
inline constexpr std::chrono::seconds stream_handshake_limit{60};

// How long the port of a closed association waits for the peer's close_notify, at most: twice the time after
// which RFC 6347 4.2.4.1 takes a datagram for lost.
inline constexpr std::chrono::seconds goodbye_limit{2};

}  // namespace tlsmodem

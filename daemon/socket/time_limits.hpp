// How long a connect waits where neither the profile nor the protocol says it
// (docs/decisions/0007-time-limits.md).
#pragma once

#include <chrono>

namespace tlsmodem {

// A host that swallows SYNs must not hold up the name's next address for the kernel's two minutes.
inline constexpr std::chrono::seconds tcp_connect_limit{10};
// TLS itself has no limit for a handshake; a server that stops in the middle would hold the socket for ever.
inline constexpr std::chrono::seconds stream_handshake_limit{60};

}  // namespace tlsmodem

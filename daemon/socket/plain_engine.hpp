// The engine of `udp` and `tcp` sockets: bytes pass as they are. With it the socket machine has one path for
// all.
#pragma once

#include "daemon/tls/engine.hpp"

#include <memory>

namespace tlsmodem {

enum class plain_kind : std::uint8_t { datagram, stream };

std::unique_ptr<tls::engine> make_plain_engine(plain_kind kind);

}  // namespace tlsmodem

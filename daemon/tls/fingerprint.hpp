// What a context is, in 32 bytes.
#pragma once

#include "context.hpp"

namespace tlsmodem::tls {

fingerprint make_fingerprint(const context_options& options);

// What a session belongs to: a context, and the peer that it was made with.
fingerprint bind_to_peer(const fingerprint& context, const peer_name& peer, std::uint16_t port);

}  // namespace tlsmodem::tls

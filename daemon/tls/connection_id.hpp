// The extension connection_id (RFC 9146 3) in libssl's handshake, which knows nothing of it.
#pragma once

#include "callback_notes.hpp"

namespace tlsmodem::tls {

// How many bytes a CID of ours has that nobody chose. One socket has one peer: it only has to look random.
inline constexpr std::size_t random_cid_bytes = 8;

// Lets the handshakes of `ctx` offer one. False when libssl refuses.
bool install_connection_id(SSL_CTX* ctx);

// The ClientHello of the handshake with these notes offers `own_cid`; notes.peer_cid tells the answer.
void offer_connection_id(callback_notes& notes, bytes_view own_cid);

}  // namespace tlsmodem::tls

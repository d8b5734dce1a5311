// Whom the server's certificate has to belong to, and what becomes of a complaint about it.
#pragma once

#include "context_data.hpp"

#include <optional>

namespace tlsmodem::tls {

// Makes libssl check chains as `verify` says: required aborts at the first complaint, optional only notes it.
void install_verification(SSL_CTX* ctx, verification verify);

// Sends the name (SNI, never for an address literal) and, unless nothing is verified, binds verification to
// it.
std::optional<at::failure> apply_peer_name(SSL* ssl, const peer_name& peer);

}  // namespace tlsmodem::tls

// Whom the server's certificate has to belong to, and what becomes of a complaint about it.
#pragma once

#include "context_data.hpp"

#include <optional>

namespace tlsmodem::tls {

// Makes libssl check chains as the context's `verify` says: required aborts at the first complaint, optional
// only notes it.
void install_verification(const context& context);

// Sends the name (SNI, never for an address literal) and, unless nothing is verified, binds verification to
// it, by TLSA records too.
std::optional<at::failure> apply_peer_name(SSL* ssl, const peer_name& peer);

}  // namespace tlsmodem::tls

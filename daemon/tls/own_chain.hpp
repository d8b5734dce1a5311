// The chain that a client shows, RFC 5246 7.4.2 and RFC 8446 4.4.2: its certificate first, each following one
// that of the issuer.
#pragma once

#include "credential.hpp"

#include <optional>

namespace tlsmodem::tls {

// In the order of the chain, whatever order they were given in: the certificate of the key, its issuer, and
// so on. What is no issuer of them stays behind, in the order given. As given where none is the key's.
certificate_list sort_own_chain(certificate_list given, EVP_PKEY* key);

// Sets certificate, chain and key; with `completes` the chain goes on with trusted issuers until one has
// signed itself. Error: 810 the key does not match, or is too weak.
std::optional<at::failure> install_own_chain(SSL_CTX* ctx, certificate_list chain, EVP_PKEY* key,
                                             bool completes);

// Notes when a server asks for a certificate and gets none, for the text of what it makes of that.
void note_missing_certificate(SSL_CTX* ctx);

}  // namespace tlsmodem::tls

// From the secrets of a handshake to the keys of the two directions, RFC 5246 6.3.
#pragma once

#include "daemon/support/secret.hpp"
#include "suite.hpp"

#include <optional>

namespace tlsmodem::dtls12 {

// What protects the records of one direction.
struct direction_keys {
  secret mac;
  secret key;
  secret iv;

  direction_keys clone() const { return {mac.clone(), key.clone(), iv.clone()}; }
};

struct connection_keys {
  direction_keys client;
  direction_keys server;

  connection_keys clone() const { return {client.clone(), server.clone()}; }
};

// `prf_digest` is libcrypto's name of the hash of the suite's PRF. Nothing when libcrypto fails.
std::optional<connection_keys> derive_keys(const protection_suite& suite, const char* prf_digest,
                                           bytes_view master_secret, bytes_view client_random,
                                           bytes_view server_random);

}  // namespace tlsmodem::dtls12

// Which unprotected records of a datagram libssl gets to see. Before the keys are there it takes every byte
// for the server's, and much of what a stranger or a broken path can make up is a fatal error to it. So only
// records that can belong to this handshake pass.
#pragma once

#include "record.hpp"

namespace tlsmodem::dtls12 {

// libssl's limit for the longest message of a handshake, the server's chain (SSL_MAX_CERT_LIST_DEFAULT).
inline constexpr std::size_t max_message_bytes = std::size_t{100} * 1024;

enum class unprotected_kind : std::uint8_t {
  wanted,
  server_hello,          // wanted, and begins with the first byte of a ServerHello
  hello_verify_request,  // whole, in a record of its own
  warning,               // an alert that ends nothing: libssl takes one in a handshake for five, too many
  client_hello,          // of a server that mistakes us for one
  long_chain,            // a fragment of a Certificate message over max_message_bytes
  other,                 // dropped in silence
};

// Precondition: record.epoch is 0.
unprotected_kind classify_unprotected(const record_view& record);

}  // namespace tlsmodem::dtls12

// Where a private key is in a token: a PKCS #11 URI (RFC 7512), taken strictly.
//
// The URI comes from a client, so it may only choose among the keys of the tokens that the administrator's
// module shows. What would choose code or files for the daemon (module-path, module-name, pin-source), or put
// a PIN into a command (pin-value), is refused, and so is every attribute that is not understood.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/result.hpp"

#include <string>

namespace tlsmodem::pkcs11 {

inline constexpr std::size_t max_uri_bytes = 1024;

// Decoded; what is empty may be anything.
struct key_uri {
  // One of these two is not empty.
  std::string token;
  std::string serial;
  std::string manufacturer;
  std::string model;
  // One of these two is not empty.
  std::string label;  // "object"
  bytes id;
  bool operator==(const key_uri&) const = default;
};

// Errors: 810. The text has nothing of the URI, which may hold a PIN by mistake.
at::result<key_uri> parse_key_uri(std::string_view text);

}  // namespace tlsmodem::pkcs11

// A private key in a token as OpenSSL's EVP_PKEY: the public half is here, and each signature is asked of the
// token. Built on the methods of EC_KEY and RSA, which libcrypto 3.0 still serves: it has no way to lead a
// signature to a token but a provider, and there is none in Debian 12 (docs/decisions/0019-pkcs11.md).
#pragma once

#include "daemon/tls/credential.hpp"
#include "protocol/bytes.hpp"

#include <memory>
#include <p11-kit/pkcs11.h>

namespace tlsmodem::pkcs11 {

class remote_key {
 public:
  virtual ~remote_key() = default;
  // The signature that the token makes of `input`, or nothing; then the reason is in OpenSSL's error queue
  // (tls::raise_key_failure()).
  virtual bytes sign(CK_MECHANISM_TYPE mechanism, bytes_view input) = 0;
};

// `public_half`: an EC or RSA key. Null when there is no memory, or it is of another kind.
tls::private_key make_private_key(EVP_PKEY* public_half, std::shared_ptr<remote_key> signer);

}  // namespace tlsmodem::pkcs11

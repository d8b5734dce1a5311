// libcrypto's state of one cipher in one direction, with its key.
#pragma once

#include "daemon/support/openssl_deleter.hpp"
#include "key_schedule.hpp"

#include <openssl/evp.h>

#include <memory>

namespace tlsmodem::dtls12 {

using cipher_context = std::unique_ptr<EVP_CIPHER_CTX, openssl_deleter<&EVP_CIPHER_CTX_free>>;

enum class cipher_use : std::uint8_t { encrypts, decrypts };

// Everything but the nonce is set once: that is what a record costs beside its encryption. Null only when
// libcrypto fails.
cipher_context make_cipher_context(const cipher_shape& shape, bytes_view key, cipher_use use);

}  // namespace tlsmodem::dtls12

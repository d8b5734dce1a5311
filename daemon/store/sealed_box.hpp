// AES-256-GCM with a random nonce: what is sealed can be read and changed only with the key, and opens only
// together with the same associated data.
//
// Format: 1 byte version, 12 bytes nonce, the ciphertext, 16 bytes tag. A store writes far less than the 2^32
// boxes that a random nonce allows for one key.
#pragma once

#include "daemon/support/secret.hpp"
#include "protocol/result.hpp"

#include <optional>

namespace tlsmodem::store {

class sealed_box {
 public:
  static constexpr std::size_t overhead_bytes = 1 + 12 + 16;

  // The key is derived from that of the key file and from the id of the store. Fails only if libcrypto does.
  static at::result<sealed_box> make(const secret& key, bytes_view store_id);

  // Fails only if libcrypto does.
  at::result<bytes> seal(bytes_view plaintext, bytes_view associated_data) const;
  // Nothing when any bit is not as it was sealed, or the key is another.
  std::optional<secret> open(bytes_view sealed, bytes_view associated_data) const;

 private:
  explicit sealed_box(secret key) : key_(std::move(key)) {}
  secret key_;
};

}  // namespace tlsmodem::store

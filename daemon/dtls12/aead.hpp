// GCM, CCM and ChaCha20-Poly1305 over the payloads of one direction: RFC 5288, RFC 6655, RFC 7905. libcrypto
// has a way of its own for records of TLS, of two calls instead of six, and on small records the calls are
// most of the time. It knows additional data of 13 bytes only, so that records with a connection ID go the
// general way.
#pragma once

#include "cipher_context.hpp"
#include "record.hpp"

#include <array>
#include <span>

namespace tlsmodem::dtls12 {

class aead {
 public:
  explicit aead(bulk_cipher cipher) : shape_(shape_of(cipher)) {}

  // What a payload has in front of its text.
  std::size_t explicit_bytes() const {
    return shape_.mode == protection_mode::chacha20_poly1305 ? 0 : explicit_nonce_bytes;
  }

  // In place: `payload` has its text behind explicit_bytes(), and room for the tag behind that. False only
  // when libcrypto fails.
  bool seal(const record_view& header, const direction_keys& keys, std::span<std::uint8_t> payload);
  // False when the record is not authentic; `text` is then worth nothing.
  bool open(const record_view& record, const direction_keys& keys, bytes& text);

 private:
  using nonce_block = std::array<std::uint8_t, nonce_bytes>;

  nonce_block nonce_of(const record_view& record, bytes_view iv) const;
  bool seal_as_tls(const record_view& header, const direction_keys& keys, std::span<std::uint8_t> payload);
  bool seal_generally(const record_view& header, const direction_keys& keys, std::span<std::uint8_t> payload);
  bool open_as_tls(const record_view& record, const direction_keys& keys, bytes& text);
  bool open_generally(const record_view& record, const direction_keys& keys, bytes& text);
  EVP_CIPHER_CTX* made(cipher_context& kept, cipher_use use, const direction_keys& keys) const;
  EVP_CIPHER_CTX* made_for_tls(cipher_context& kept, cipher_use use, const direction_keys& keys) const;

  const cipher_shape& shape_;
  // Made when needed: a direction has one of them.
  cipher_context encryptor_;
  cipher_context decryptor_;
  cipher_context tls_encryptor_;
  cipher_context tls_decryptor_;
  std::uint64_t next_number_ = 0;  // that libcrypto counts on to by itself; 0: it does not
};

}  // namespace tlsmodem::dtls12

// Protects the records of one direction and takes the protection off, with and without a connection ID:
// RFC 6347 4.1.2, RFC 5288 (GCM), RFC 6655 (CCM), RFC 7905 (ChaCha20-Poly1305), RFC 7366 (encrypt-then-MAC),
// RFC 9146 5 (the additional data with a CID).
#pragma once

#include "aead.hpp"
#include "daemon/support/openssl_deleter.hpp"
#include "key_schedule.hpp"
#include "record.hpp"
#include "record_cost.hpp"

#include <openssl/evp.h>

#include <memory>

namespace tlsmodem::dtls12 {

class record_protection {
 public:
  // `version`: that of the records which protect() makes.
  record_protection(const protection_suite& suite, direction_keys keys, std::uint16_t version = dtls1_2);

  // Appends a whole record. A `cid` that is not empty gives the form tls12_cid, its content followed by
  // `padding` zeros. False, and nothing appended, only when libcrypto fails.
  bool protect(std::uint8_t type, std::uint16_t epoch, std::uint64_t sequence, bytes_view cid,
               bytes_view plaintext, std::size_t padding, bytes& out);

  // The content of a record, in `plaintext`, and its real type. False when the record is not authentic; RFC
  // 6347 4.1.2.7 has it dropped in silence. What is wrong with it cannot be told from the time it takes.
  bool unprotect(const record_view& record, std::uint8_t& type, bytes& plaintext);

  const protection_suite& suite() const { return suite_; }

 private:
  using mac_ctx_ptr = std::unique_ptr<EVP_MAC_CTX, openssl_deleter<&EVP_MAC_CTX_free>>;

  EVP_CIPHER_CTX* encryptor();
  EVP_CIPHER_CTX* decryptor();
  bool compute_mac(bytes_view additional_data, bytes_view data, std::uint8_t* mac);
  bool protect_aead(const record_view& header, bytes_view plaintext, std::size_t padding, bytes& out);
  bool protect_cbc(const record_view& header, bytes_view plaintext, std::size_t padding, bytes& out);
  bool unprotect_cbc(const record_view& record, bytes& plaintext);

  protection_suite suite_;
  std::uint16_t version_;
  const cipher_shape& shape_;
  direction_keys keys_;
  dtls12::aead aead_;
  cipher_context encryptor_;  // of CBC; made when needed: most objects work in one way only
  cipher_context decryptor_;
  mac_ctx_ptr mac_;
};

// What a record costs beside its content.
record_cost cost_of(const protection_suite& suite, std::size_t cid_bytes);

}  // namespace tlsmodem::dtls12

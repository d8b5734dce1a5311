#include "sealed_box.hpp"

#include "daemon/support/openssl_deleter.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <climits>
#include <memory>
#include <utility>

namespace tlsmodem::store {
namespace {

constexpr std::uint8_t format = 1;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t key_bytes = 32;

using cipher_context = std::unique_ptr<EVP_CIPHER_CTX, openssl_deleter<&EVP_CIPHER_CTX_free>>;
using kdf = std::unique_ptr<EVP_KDF, openssl_deleter<&EVP_KDF_free>>;
using kdf_context = std::unique_ptr<EVP_KDF_CTX, openssl_deleter<&EVP_KDF_CTX_free>>;

at::failure libcrypto_failed(std::string_view what) {
  return {at::error::store_unavailable, "libcrypto could not " + std::string(what) + "."};
}

// The parameters are only read, but OpenSSL has one type for both directions.
OSSL_PARAM octets(const char* name, bytes_view value) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(value.data()), value.size());
}

bool derive(bytes_view key, bytes_view salt, bytes& into) {
  const kdf algorithm(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const kdf_context context(EVP_KDF_CTX_new(algorithm.get()));
  if (!context) return false;
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                                   octets(OSSL_KDF_PARAM_KEY, key), octets(OSSL_KDF_PARAM_SALT, salt),
                                   octets(OSSL_KDF_PARAM_INFO, as_bytes("tlsmodem store 1")),
                                   OSSL_PARAM_construct_end()};
  return EVP_KDF_derive(context.get(), into.data(), into.size(), parameters) == 1;
}

// EVP counts in int.
bool fits(bytes_view data) { return data.size() <= static_cast<std::size_t>(INT_MAX); }
int length(bytes_view data) { return static_cast<int>(data.size()); }

}  // namespace

at::result<sealed_box> sealed_box::make(const secret& key, bytes_view store_id) {
  bytes derived(key_bytes);
  const bool is_derived = derive(key.view(), store_id, derived);
  secret box_key(std::move(derived));
  if (!is_derived) return libcrypto_failed("derive the key of the store");
  return sealed_box(std::move(box_key));
}

at::result<bytes> sealed_box::seal(bytes_view plaintext, bytes_view associated_data) const {
  bytes sealed(overhead_bytes + plaintext.size());
  sealed[0] = format;
  std::uint8_t* const nonce = sealed.data() + 1;
  std::uint8_t* const body = nonce + nonce_bytes;
  const cipher_context context(EVP_CIPHER_CTX_new());
  int written = 0;
  if (!context || !fits(plaintext) || !fits(associated_data) || RAND_bytes(nonce, nonce_bytes) != 1 ||
      EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.view().data(), nonce) != 1 ||
      EVP_EncryptUpdate(context.get(), nullptr, &written, associated_data.data(), length(associated_data)) !=
          1 ||
      EVP_EncryptUpdate(context.get(), body, &written, plaintext.data(), length(plaintext)) != 1 ||
      EVP_EncryptFinal_ex(context.get(), body + plaintext.size(), &written) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, body + plaintext.size()) != 1)
    return libcrypto_failed("seal a row");
  return sealed;
}

std::optional<secret> sealed_box::open(bytes_view sealed, bytes_view associated_data) const {
  if (sealed.size() < overhead_bytes || sealed[0] != format || !fits(sealed) || !fits(associated_data))
    return std::nullopt;
  const auto nonce = sealed.subspan(1, nonce_bytes);
  const auto body = sealed.subspan(1 + nonce_bytes, sealed.size() - overhead_bytes);
  bytes tag(sealed.end() - tag_bytes, sealed.end());
  bytes opened(body.size());
  const cipher_context context(EVP_CIPHER_CTX_new());
  int written = 0;
  const bool is_good =
      context &&
      EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.view().data(), nonce.data()) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &written, associated_data.data(), length(associated_data)) ==
          1 &&
      EVP_DecryptUpdate(context.get(), opened.data(), &written, body.data(), length(body)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(context.get(), opened.data() + opened.size(), &written) == 1;
  secret plaintext(std::move(opened));
  if (!is_good) return std::nullopt;
  return plaintext;
}

}  // namespace tlsmodem::store

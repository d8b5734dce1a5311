#include "cipher_context.hpp"

#include <map>
#include <mutex>
#include <string_view>

namespace tlsmodem::dtls12 {
namespace {

using cipher_ptr = std::unique_ptr<EVP_CIPHER, openssl_deleter<&EVP_CIPHER_free>>;

// A look-up in libcrypto takes as long as a record. Each cipher is looked up once in the life of the process;
// null, and tried again, when libcrypto fails.
const EVP_CIPHER* cipher_named(const char* name) {
  static std::mutex mutex;
  // Never freed: libcrypto may clean up before this file does.
  static auto& fetched = *new std::map<std::string_view, cipher_ptr>;
  const std::lock_guard lock(mutex);
  auto& cipher = fetched[name];
  if (!cipher) cipher.reset(EVP_CIPHER_fetch(nullptr, name, nullptr));
  return cipher.get();
}

}  // namespace

cipher_context make_cipher_context(const cipher_shape& shape, bytes_view key, cipher_use use) {
  const EVP_CIPHER* const cipher = cipher_named(shape.name);
  cipher_context made(EVP_CIPHER_CTX_new());
  if (cipher == nullptr || !made) return nullptr;
  EVP_CIPHER_CTX* const context = made.get();
  const int way = use == cipher_use::encrypts ? 1 : 0;
  bool is_good = EVP_CipherInit_ex2(context, cipher, nullptr, nullptr, way, nullptr) > 0;
  if (shape.mode != protection_mode::cbc)
    is_good = is_good && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, nonce_bytes, nullptr) > 0;
  if (shape.mode == protection_mode::ccm)
    is_good = is_good && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, shape.tag_bytes, nullptr) > 0;
  is_good = is_good && EVP_CipherInit_ex2(context, nullptr, key.data(), nullptr, way, nullptr) > 0;
  // Elsewhere it would only be set anew at each initialisation.
  if (shape.mode == protection_mode::cbc) is_good = is_good && EVP_CIPHER_CTX_set_padding(context, 0) > 0;
  return is_good ? std::move(made) : nullptr;
}

}  // namespace tlsmodem::dtls12

#include "cipher_context.hpp"

namespace tlsmodem::dtls12 {

cipher_context make_cipher_context(const cipher_shape& shape, bytes_view key, cipher_use use) {
  const std::unique_ptr<EVP_CIPHER, openssl_deleter<&EVP_CIPHER_free>> cipher(
      EVP_CIPHER_fetch(nullptr, shape.name, nullptr));
  cipher_context made(EVP_CIPHER_CTX_new());
  if (!cipher || !made) return nullptr;
  EVP_CIPHER_CTX* const context = made.get();
  const int way = use == cipher_use::encrypts ? 1 : 0;
  bool is_good = EVP_CipherInit_ex2(context, cipher.get(), nullptr, nullptr, way, nullptr) > 0;
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

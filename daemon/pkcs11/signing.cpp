// These methods are deprecated in OpenSSL 3.0, and in 3.0 there is nothing in their place but providers.
#define OPENSSL_SUPPRESS_DEPRECATED  // NOLINT: OpenSSL's name

#include "signing.hpp"

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include <algorithm>

namespace tlsmodem::pkcs11 {
namespace {

using signer_ptr = std::shared_ptr<remote_key>;

// ---- the signer as a companion of an EC_KEY or RSA object

void free_signer(void*, void* signer, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<signer_ptr*>(signer);
}

int copy_signer(CRYPTO_EX_DATA*, const CRYPTO_EX_DATA*, void** signer, int, long, void*) {
  if (*signer != nullptr) *signer = new signer_ptr(*static_cast<signer_ptr*>(*signer));
  return 1;
}

int index_in(int kind) {
  return CRYPTO_get_ex_new_index(kind, 0, nullptr, nullptr, copy_signer, free_signer);
}
int index_in_ec() {
  static const int index = index_in(CRYPTO_EX_INDEX_EC_KEY);
  return index;
}
int index_in_rsa() {
  static const int index = index_in(CRYPTO_EX_INDEX_RSA);
  return index;
}

// `key` has its method already.
template <auto SetCompanion, typename KeyOwner>
tls::private_key as_evp_key(int type, int index, KeyOwner key, signer_ptr signer) {
  auto companion = std::make_unique<signer_ptr>(std::move(signer));
  if (SetCompanion(key.get(), index, companion.get()) != 1) return nullptr;
  companion.release();  // NOLINT: free_signer() has it now
  auto made = tls::share(EVP_PKEY_new());
  if (!made || EVP_PKEY_assign(made.get(), type, key.get()) != 1) return nullptr;
  key.release();  // NOLINT: `made` has it now
  return made;
}

// ---- EC

// The token makes r and s of one size each. FIPS 186-4 6.4: of a digest that is longer than the order only
// the leftmost bits count, and not all tokens cut it themselves.
ECDSA_SIG* sign_ec(const unsigned char* digest, int size, const BIGNUM*, const BIGNUM*, EC_KEY* key) {
  const auto* const signer = static_cast<signer_ptr*>(EC_KEY_get_ex_data(key, index_in_ec()));
  const auto order_bytes = (static_cast<std::size_t>(EC_GROUP_order_bits(EC_KEY_get0_group(key))) + 7) / 8;
  const bytes_view input{digest, std::min(static_cast<std::size_t>(size), order_bytes)};
  const bytes made = (*signer)->sign(CKM_ECDSA, input);
  if (made.empty() || made.size() % 2 != 0) return nullptr;
  const int half = static_cast<int>(made.size() / 2);
  std::unique_ptr<ECDSA_SIG, openssl_deleter<&ECDSA_SIG_free>> signature(ECDSA_SIG_new());
  BIGNUM* const r = BN_bin2bn(made.data(), half, nullptr);
  BIGNUM* const s = BN_bin2bn(made.data() + half, half, nullptr);
  if (!signature || ECDSA_SIG_set0(signature.get(), r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return nullptr;
  }
  return signature.release();
}

const EC_KEY_METHOD* ec_method() {
  static const auto method = [] {
    std::unique_ptr<EC_KEY_METHOD, openssl_deleter<&EC_KEY_METHOD_free>> made(
        EC_KEY_METHOD_new(EC_KEY_OpenSSL()));
    int (*sign)(int, const unsigned char*, int, unsigned char*, unsigned*, const BIGNUM*, const BIGNUM*,
                EC_KEY*) = nullptr;
    int (*set_up)(EC_KEY*, BN_CTX*, BIGNUM**, BIGNUM**) = nullptr;
    EC_KEY_METHOD_get_sign(made.get(), &sign, &set_up, nullptr);
    EC_KEY_METHOD_set_sign(made.get(), sign, set_up, sign_ec);  // sign() calls sign_ec() and encodes
    return made;
  }();
  return method.get();
}

tls::private_key make_ec_key(const EC_KEY* public_half, signer_ptr signer) {
  std::unique_ptr<EC_KEY, openssl_deleter<&EC_KEY_free>> key(EC_KEY_dup(public_half));
  if (!key || EC_KEY_set_method(key.get(), ec_method()) != 1) return nullptr;
  return as_evp_key<&EC_KEY_set_ex_data>(EVP_PKEY_EC, index_in_ec(), std::move(key), std::move(signer));
}

// ---- RSA

// libcrypto encodes PKCS #1 signatures up to the padding, and RSA-PSS with it.
int sign_rsa(int size, const unsigned char* input, unsigned char* signature, RSA* key, int padding) {
  const auto* const signer = static_cast<signer_ptr*>(RSA_get_ex_data(key, index_in_rsa()));
  const auto mechanism = padding == RSA_PKCS1_PADDING ? CKM_RSA_PKCS : CKM_RSA_X_509;
  if (padding != RSA_PKCS1_PADDING && padding != RSA_NO_PADDING) return -1;
  const bytes made = (*signer)->sign(mechanism, {input, static_cast<std::size_t>(size)});
  if (made.size() != static_cast<std::size_t>(RSA_size(key))) return -1;
  std::copy(made.begin(), made.end(), signature);
  return static_cast<int>(made.size());
}

// A client never decrypts by its own key.
int refuse_to_decrypt(int, const unsigned char*, unsigned char*, RSA*, int) { return -1; }

const RSA_METHOD* rsa_method() {
  static const auto method = [] {
    std::unique_ptr<RSA_METHOD, openssl_deleter<&RSA_meth_free>> made(RSA_meth_dup(RSA_PKCS1_OpenSSL()));
    RSA_meth_set_priv_enc(made.get(), sign_rsa);
    RSA_meth_set_priv_dec(made.get(), refuse_to_decrypt);
    RSA_meth_set_flags(made.get(), RSA_METHOD_FLAG_NO_CHECK);  // there is no private half to check
    return made;
  }();
  return method.get();
}

tls::private_key make_rsa_key(const RSA* public_half, signer_ptr signer) {
  std::unique_ptr<RSA, openssl_deleter<&RSA_free>> key(RSAPublicKey_dup(public_half));
  if (!key || RSA_set_method(key.get(), rsa_method()) != 1) return nullptr;
  return as_evp_key<&RSA_set_ex_data>(EVP_PKEY_RSA, index_in_rsa(), std::move(key), std::move(signer));
}

}  // namespace

tls::private_key make_private_key(EVP_PKEY* public_half, signer_ptr signer) {
  if (EVP_PKEY_is_a(public_half, "EC") == 1)
    return make_ec_key(EVP_PKEY_get0_EC_KEY(public_half), std::move(signer));
  if (EVP_PKEY_is_a(public_half, "RSA") == 1)
    return make_rsa_key(EVP_PKEY_get0_RSA(public_half), std::move(signer));
  return nullptr;
}

}  // namespace tlsmodem::pkcs11

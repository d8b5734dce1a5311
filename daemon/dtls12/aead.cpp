#include "aead.hpp"

#include "additional_data.hpp"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstring>

namespace tlsmodem::dtls12 {
namespace {

int int_of(std::size_t size) { return static_cast<int>(size); }

std::uint64_t number_of(const record_view& record) {
  return std::uint64_t{record.epoch} << 48 | record.sequence;
}

std::array<std::uint8_t, 8> big_endian(std::uint64_t number) {
  std::array<std::uint8_t, 8> out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  return out;
}

}  // namespace

// Epoch and sequence number are as unique as the record is.
aead::nonce_block aead::nonce_of(const record_view& record, bytes_view iv) const {
  nonce_block out;
  std::memcpy(out.data(), iv.data(), iv.size());
  const auto number = big_endian(number_of(record));
  std::uint8_t* const tail = out.data() + nonce_bytes - number.size();
  if (shape_.mode == protection_mode::chacha20_poly1305) {
    for (std::size_t i = 0; i < number.size(); ++i) tail[i] ^= number[i];
  } else {
    std::memcpy(tail, number.data(), number.size());
  }
  return out;
}

EVP_CIPHER_CTX* aead::made(cipher_context& kept, cipher_use use, const direction_keys& keys) const {
  if (!kept) kept = make_cipher_context(shape_, keys.key.view(), use);
  return kept.get();
}

EVP_CIPHER_CTX* aead::made_for_tls(cipher_context& kept, cipher_use use, const direction_keys& keys) const {
  if (kept) return kept.get();
  auto fresh = make_cipher_context(shape_, keys.key.view(), use);
  const auto iv = keys.iv.view();
  // GCM gets all of its nonce with the first record.
  const bool is_good =
      fresh && (shape_.mode == protection_mode::gcm ||
                EVP_CIPHER_CTX_ctrl(fresh.get(), EVP_CTRL_AEAD_SET_IV_FIXED, int_of(iv.size()),
                                    const_cast<std::uint8_t*>(iv.data())) > 0);
  if (is_good) kept = std::move(fresh);
  return kept.get();
}

// ---- sealing

bool aead::seal(const record_view& header, const direction_keys& keys, std::span<std::uint8_t> payload) {
  return header.cid.empty() ? seal_as_tls(header, keys, payload) : seal_generally(header, keys, payload);
}

bool aead::seal_as_tls(const record_view& header, const direction_keys& keys,
                       std::span<std::uint8_t> payload) {
  EVP_CIPHER_CTX* const context = made_for_tls(tls_encryptor_, cipher_use::encrypts, keys);
  if (context == nullptr) return false;
  const std::uint64_t number = number_of(header);
  if (shape_.mode == protection_mode::gcm && number != next_number_) {
    auto first = nonce_of(header, keys.iv.view());
    // -1: all of the nonce.
    if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_IV_FIXED, -1, first.data()) <= 0) return false;
  }
  next_number_ = 0;
  // Its length counts the explicit nonce, as libssl has it.
  additional_data about(header, payload.size() - shape_.tag_bytes);
  if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_TLS1_AAD, EVP_AEAD_TLS1_AAD_LEN, about.span().data()) !=
          shape_.tag_bytes ||
      EVP_Cipher(context, payload.data(), payload.data(), static_cast<unsigned>(payload.size())) !=
          int_of(payload.size()))
    return false;
  // A record whose nonce is not its number must never leave.
  if (explicit_bytes() != 0 &&
      std::memcmp(payload.data(), big_endian(number).data(), explicit_nonce_bytes) != 0)
    return false;
  next_number_ = number + 1;
  return true;
}

bool aead::seal_generally(const record_view& header, const direction_keys& keys,
                          std::span<std::uint8_t> payload) {
  EVP_CIPHER_CTX* const context = made(encryptor_, cipher_use::encrypts, keys);
  if (context == nullptr) return false;
  const auto nonce = nonce_of(header, keys.iv.view());
  const std::size_t front = explicit_bytes();
  std::memcpy(payload.data(), nonce.data() + nonce_bytes - front, front);
  std::uint8_t* const text = payload.data() + front;
  const std::size_t text_bytes = payload.size() - front - shape_.tag_bytes;
  const additional_data about(header, text_bytes);
  const auto about_bytes = static_cast<unsigned>(about.view().size());
  const bool is_ccm = shape_.mode == protection_mode::ccm;
  OSSL_PARAM tag[] = {
      OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, text + text_bytes, shape_.tag_bytes),
      OSSL_PARAM_construct_end()};
  int size = 0;
  // EVP_Cipher() goes to the cipher with nothing in between, other than EVP_EncryptUpdate().
  return EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) > 0 &&
         (!is_ccm || EVP_EncryptUpdate(context, nullptr, &size, nullptr, int_of(text_bytes)) > 0) &&
         EVP_Cipher(context, nullptr, about.view().data(), about_bytes) >= 0 &&
         EVP_Cipher(context, text, text, static_cast<unsigned>(text_bytes)) >= 0 &&
         // EVP_Cipher() without input does not finish ChaCha20-Poly1305 before OpenSSL 3.0.22: the tag stays
         // zero.
         (is_ccm || EVP_EncryptFinal_ex(context, text + text_bytes, &size) > 0) &&
         EVP_CIPHER_CTX_get_params(context, tag) > 0;
}

// ---- opening

bool aead::open(const record_view& record, const direction_keys& keys, bytes& text) {
  if (record.payload.size() < explicit_bytes() + shape_.tag_bytes) return false;
  // The other modes would have to be opened in place, and are fast enough without.
  const bool is_as_tls = record.cid.empty() && shape_.mode == protection_mode::chacha20_poly1305;
  return is_as_tls ? open_as_tls(record, keys, text) : open_generally(record, keys, text);
}

bool aead::open_as_tls(const record_view& record, const direction_keys& keys, bytes& text) {
  EVP_CIPHER_CTX* const context = made_for_tls(tls_decryptor_, cipher_use::decrypts, keys);
  if (context == nullptr) return false;
  additional_data about(record, record.payload.size());
  text.resize(record.payload.size());
  const bool is_authentic = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_TLS1_AAD, EVP_AEAD_TLS1_AAD_LEN,
                                                about.span().data()) == shape_.tag_bytes &&
                            EVP_Cipher(context, text.data(), record.payload.data(),
                                       static_cast<unsigned>(record.payload.size())) >= 0;
  text.resize(record.payload.size() - shape_.tag_bytes);
  return is_authentic;
}

bool aead::open_generally(const record_view& record, const direction_keys& keys, bytes& text) {
  EVP_CIPHER_CTX* const context = made(decryptor_, cipher_use::decrypts, keys);
  if (context == nullptr) return false;
  const bool is_ccm = shape_.mode == protection_mode::ccm;
  const std::size_t front = explicit_bytes();
  auto nonce = nonce_of(record, keys.iv.view());
  // The peer makes its explicit nonces as it likes.
  std::memcpy(nonce.data() + nonce_bytes - front, record.payload.data(), front);
  const bytes_view sealed = record.payload.subspan(front, record.payload.size() - front - shape_.tag_bytes);
  std::array<std::uint8_t, 16> tag;
  std::memcpy(tag.data(), sealed.data() + sealed.size(), shape_.tag_bytes);
  text.resize(std::max<std::size_t>(sealed.size(), 1));

  const additional_data about(record, sealed.size());
  int size = 0;
  const bool is_authentic =
      EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) > 0 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, shape_.tag_bytes, tag.data()) > 0 &&
      (!is_ccm || EVP_DecryptUpdate(context, nullptr, &size, nullptr, int_of(sealed.size())) > 0) &&
      EVP_DecryptUpdate(context, nullptr, &size, about.view().data(), int_of(about.view().size())) > 0 &&
      // CCM checks the tag here, and has nothing final.
      EVP_DecryptUpdate(context, text.data(), &size, sealed.data(), int_of(sealed.size())) > 0 &&
      (is_ccm || EVP_DecryptFinal_ex(context, text.data() + size, &size) > 0);
  text.resize(sealed.size());
  return is_authentic;
}

}  // namespace tlsmodem::dtls12

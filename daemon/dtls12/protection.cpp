#include "protection.hpp"

#include "cbc_mac.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace tlsmodem::dtls12 {
namespace {

constexpr std::size_t max_additional_bytes = 8 + 1 + 1 + 1 + 2 + 8 + max_cid_bytes + 2;

// What is authenticated beside the content: RFC 5246 6.2.3.3, with a CID RFC 9146 5. `length` is that of
// DTLSInnerPlaintext, or with encrypt-then-MAC that of IV and ciphertext.
struct additional_data {
  std::array<std::uint8_t, max_additional_bytes> data;
  std::size_t size = 0;

  additional_data(const record_view& record, std::size_t length) {
    const std::uint64_t number = std::uint64_t{record.epoch} << 48 | record.sequence;
    if (record.cid.empty()) {
      put(number, 8);
      put(record.type, 1);
      put(wire_version, 2);
    } else {
      put(~std::uint64_t{0}, 8);
      put(tls12_cid, 1);
      put(record.cid.size(), 1);
      put(tls12_cid, 1);
      put(wire_version, 2);
      put(number, 8);
      std::memcpy(data.data() + size, record.cid.data(), record.cid.size());
      size += record.cid.size();
    }
    put(length, 2);
  }
  bytes_view view() const { return {data.data(), size}; }
  std::span<std::uint8_t> span() { return {data.data(), size}; }

 private:
  void put(std::uint64_t value, int width) {
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
      data[size++] = static_cast<std::uint8_t>(value >> shift);
  }
};

int int_of(std::size_t size) { return static_cast<int>(size); }

std::size_t inner_size(const record_view& header, bytes_view plaintext, std::size_t padding) {
  return plaintext.size() + (header.cid.empty() ? 0 : 1 + padding);
}

// The content, and with a CID its type and padding behind it (DTLSInnerPlaintext, RFC 9146 4).
std::uint8_t* put_inner(std::uint8_t* to, const record_view& header, bytes_view plaintext,
                        std::size_t padding) {
  if (!plaintext.empty()) std::memcpy(to, plaintext.data(), plaintext.size());
  to += plaintext.size();
  if (header.cid.empty()) return to;
  *to++ = header.type;
  return std::fill_n(to, padding, std::uint8_t{0});
}

// Cuts padding and type off; false when there is no type.
bool take_real_type(std::uint8_t& type, bytes& plaintext) {
  while (!plaintext.empty() && plaintext.back() == 0) plaintext.pop_back();
  if (plaintext.empty()) return false;
  type = plaintext.back();
  plaintext.pop_back();
  return true;
}

}  // namespace

record_protection::record_protection(const protection_suite& suite, direction_keys keys)
    : suite_(suite), shape_(shape_of(suite.cipher)), keys_(std::move(keys)) {}

// Everything but the nonce is set once: that is what a record costs beside its encryption.
record_protection::cipher_ctx_ptr record_protection::make_context(bool encrypts) const {
  const std::unique_ptr<EVP_CIPHER, openssl_deleter<&EVP_CIPHER_free>> cipher(
      EVP_CIPHER_fetch(nullptr, shape_.name, nullptr));
  cipher_ctx_ptr made(EVP_CIPHER_CTX_new());
  if (!cipher || !made) return nullptr;
  const int way = encrypts ? 1 : 0;
  bool is_good = EVP_CipherInit_ex2(made.get(), cipher.get(), nullptr, nullptr, way, nullptr) > 0;
  if (shape_.mode != protection_mode::cbc) {
    is_good = is_good && EVP_CIPHER_CTX_ctrl(made.get(), EVP_CTRL_AEAD_SET_IVLEN, nonce_bytes, nullptr) > 0;
    if (shape_.mode == protection_mode::ccm)
      is_good =
          is_good && EVP_CIPHER_CTX_ctrl(made.get(), EVP_CTRL_AEAD_SET_TAG, shape_.tag_bytes, nullptr) > 0;
  }
  is_good = is_good &&
            EVP_CipherInit_ex2(made.get(), nullptr, keys_.key.view().data(), nullptr, way, nullptr) > 0 &&
            EVP_CIPHER_CTX_set_padding(made.get(), 0) > 0;
  return is_good ? std::move(made) : nullptr;
}

EVP_CIPHER_CTX* record_protection::encryptor() {
  if (!encryptor_) encryptor_ = make_context(true);
  return encryptor_.get();
}

EVP_CIPHER_CTX* record_protection::decryptor() {
  if (!decryptor_) decryptor_ = make_context(false);
  return decryptor_.get();
}

void record_protection::make_nonce(std::uint16_t epoch, std::uint64_t sequence, std::uint8_t* nonce) const {
  const std::uint64_t number = std::uint64_t{epoch} << 48 | sequence;
  const auto iv = keys_.iv.view();
  std::memcpy(nonce, iv.data(), iv.size());
  std::uint8_t* const tail = nonce + nonce_bytes - 8;
  if (shape_.mode == protection_mode::chacha20_poly1305) {
    for (int i = 0; i < 8; ++i) tail[i] ^= static_cast<std::uint8_t>(number >> (56 - 8 * i));
  } else {
    for (int i = 0; i < 8; ++i) tail[i] = static_cast<std::uint8_t>(number >> (56 - 8 * i));
  }
}

bool record_protection::compute_mac(bytes_view additional_data, bytes_view data, std::uint8_t* mac) {
  if (!mac_) {
    const std::unique_ptr<EVP_MAC, openssl_deleter<&EVP_MAC_free>> hmac(
        EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    mac_.reset(hmac ? EVP_MAC_CTX_new(hmac.get()) : nullptr);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(name_of(suite_.mac)), 0),
        OSSL_PARAM_construct_end()};
    const auto key = keys_.mac.view();
    if (!mac_ || EVP_MAC_init(mac_.get(), key.data(), key.size(), parameters) <= 0) {
      mac_.reset();
      return false;
    }
  } else if (EVP_MAC_init(mac_.get(), nullptr, 0, nullptr) <= 0) {
    return false;
  }
  std::size_t size = 0;
  return EVP_MAC_update(mac_.get(), additional_data.data(), additional_data.size()) > 0 &&
         EVP_MAC_update(mac_.get(), data.data(), data.size()) > 0 &&
         EVP_MAC_final(mac_.get(), mac, &size, max_mac_bytes) > 0;
}

bool record_protection::protect(std::uint8_t type, std::uint16_t epoch, std::uint64_t sequence,
                                bytes_view cid, bytes_view plaintext, std::size_t padding, bytes& out) {
  const std::size_t start = out.size();
  const record_view header{type, wire_version, epoch, sequence, cid, {}, {}};
  const std::size_t length_at = append_header(out, type, epoch, sequence, cid);
  const bool is_done = shape_.mode == protection_mode::cbc ? protect_cbc(header, plaintext, padding, out)
                                                           : protect_aead(header, plaintext, padding, out);
  if (is_done) {
    set_length(out, length_at);
  } else {
    out.resize(start);
  }
  return is_done;
}

bool record_protection::protect_aead(const record_view& header, bytes_view plaintext, std::size_t padding,
                                     bytes& out) {
  EVP_CIPHER_CTX* const context = encryptor();
  if (context == nullptr) return false;
  std::array<std::uint8_t, nonce_bytes> nonce;
  make_nonce(header.epoch, header.sequence, nonce.data());
  const bool is_ccm = shape_.mode == protection_mode::ccm;
  const std::size_t nonce_size = shape_.mode == protection_mode::chacha20_poly1305 ? 0 : explicit_nonce_bytes;
  const std::size_t inner = inner_size(header, plaintext, padding);
  const std::size_t start = out.size();
  out.resize(start + nonce_size + inner + shape_.tag_bytes);
  // Epoch and sequence number are as unique as the record is.
  std::memcpy(out.data() + start, nonce.data() + nonce_bytes - nonce_size, nonce_size);
  std::uint8_t* const text = out.data() + start + nonce_size;
  put_inner(text, header, plaintext, padding);

  const additional_data about(header, inner);
  int size = 0;
  return EVP_EncryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) > 0 &&
         (!is_ccm || EVP_EncryptUpdate(context, nullptr, &size, nullptr, int_of(inner)) > 0) &&
         EVP_EncryptUpdate(context, nullptr, &size, about.view().data(), int_of(about.size)) > 0 &&
         EVP_EncryptUpdate(context, text, &size, text, int_of(inner)) > 0 &&
         EVP_EncryptFinal_ex(context, text + inner, &size) > 0 &&
         EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, shape_.tag_bytes, text + inner) > 0;
}

bool record_protection::protect_cbc(const record_view& header, bytes_view plaintext, std::size_t padding,
                                    bytes& out) {
  EVP_CIPHER_CTX* const context = encryptor();
  if (context == nullptr) return false;
  const std::size_t mac_bytes = size_of(suite_.mac);
  const std::size_t inner = inner_size(header, plaintext, padding);
  const std::size_t clear = inner + (suite_.encrypts_then_macs ? 0 : mac_bytes);
  const std::size_t fill = cbc_block_bytes - clear % cbc_block_bytes;  // with the padding's length
  const std::size_t start = out.size();
  out.resize(start + cbc_block_bytes + clear + fill + (suite_.encrypts_then_macs ? mac_bytes : 0));
  std::uint8_t* const iv = out.data() + start;
  std::uint8_t* const text = iv + cbc_block_bytes;
  if (RAND_bytes(iv, cbc_block_bytes) != 1) return false;
  std::uint8_t* end = put_inner(text, header, plaintext, padding);
  if (!suite_.encrypts_then_macs) {
    const additional_data about(header, inner);
    if (!compute_mac(about.view(), {text, inner}, end)) return false;
    end += mac_bytes;
  }
  std::fill_n(end, fill, static_cast<std::uint8_t>(fill - 1));
  int size = 0;
  if (EVP_EncryptInit_ex2(context, nullptr, nullptr, iv, nullptr) <= 0 ||
      EVP_EncryptUpdate(context, text, &size, text, int_of(clear + fill)) <= 0)
    return false;
  if (!suite_.encrypts_then_macs) return true;
  const std::size_t covered = cbc_block_bytes + clear + fill;
  return compute_mac(additional_data(header, covered).view(), {iv, covered}, iv + covered);
}

bool record_protection::unprotect(const record_view& record, std::uint8_t& type, bytes& plaintext) {
  const bool is_authentic = shape_.mode == protection_mode::cbc ? unprotect_cbc(record, plaintext)
                                                                : unprotect_aead(record, plaintext);
  if (!is_authentic) {
    plaintext.clear();
    return false;
  }
  if (!record.cid.empty()) return take_real_type(type, plaintext);
  type = record.type;
  return true;
}

bool record_protection::unprotect_aead(const record_view& record, bytes& plaintext) {
  EVP_CIPHER_CTX* const context = decryptor();
  if (context == nullptr) return false;
  const bool is_ccm = shape_.mode == protection_mode::ccm;
  const std::size_t nonce_size = shape_.mode == protection_mode::chacha20_poly1305 ? 0 : explicit_nonce_bytes;
  if (record.payload.size() < nonce_size + shape_.tag_bytes) return false;
  std::array<std::uint8_t, nonce_bytes> nonce;
  make_nonce(record.epoch, record.sequence, nonce.data());
  // The peer makes its explicit nonces as it likes.
  std::memcpy(nonce.data() + nonce_bytes - nonce_size, record.payload.data(), nonce_size);
  const bytes_view text =
      record.payload.subspan(nonce_size, record.payload.size() - nonce_size - shape_.tag_bytes);
  std::array<std::uint8_t, 16> tag;
  std::memcpy(tag.data(), text.data() + text.size(), shape_.tag_bytes);
  plaintext.resize(std::max<std::size_t>(text.size(), 1));

  const additional_data about(record, text.size());
  int size = 0;
  const bool is_authentic =
      EVP_DecryptInit_ex2(context, nullptr, nullptr, nonce.data(), nullptr) > 0 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, shape_.tag_bytes, tag.data()) > 0 &&
      (!is_ccm || EVP_DecryptUpdate(context, nullptr, &size, nullptr, int_of(text.size())) > 0) &&
      EVP_DecryptUpdate(context, nullptr, &size, about.view().data(), int_of(about.size)) > 0 &&
      // CCM checks the tag here, and has nothing final.
      EVP_DecryptUpdate(context, plaintext.data(), &size, text.data(), int_of(text.size())) > 0 &&
      (is_ccm || EVP_DecryptFinal_ex(context, plaintext.data() + size, &size) > 0);
  plaintext.resize(text.size());
  return is_authentic;
}

bool record_protection::unprotect_cbc(const record_view& record, bytes& plaintext) {
  EVP_CIPHER_CTX* const context = decryptor();
  if (context == nullptr) return false;
  const std::size_t mac_bytes = size_of(suite_.mac);
  bytes_view body = record.payload;
  if (suite_.encrypts_then_macs) {
    if (body.size() < 2 * cbc_block_bytes + mac_bytes) return false;
    const bytes_view received = body.last(mac_bytes);
    body = body.first(body.size() - mac_bytes);
    std::array<std::uint8_t, max_mac_bytes> expected;
    if (!compute_mac(additional_data(record, body.size()).view(), body, expected.data()) ||
        CRYPTO_memcmp(expected.data(), received.data(), mac_bytes) != 0)
      return false;
  }
  if (body.size() < 2 * cbc_block_bytes || body.size() % cbc_block_bytes != 0) return false;
  plaintext.resize(body.size() - cbc_block_bytes);
  int size = 0;
  if (EVP_DecryptInit_ex2(context, nullptr, nullptr, body.data(), nullptr) <= 0 ||
      EVP_DecryptUpdate(context, plaintext.data(), &size, body.data() + cbc_block_bytes,
                        int_of(plaintext.size())) <= 0)
    return false;
  if (!suite_.encrypts_then_macs) {
    additional_data about(record, 0);
    const auto content = check_mac_then_encrypt(suite_.mac, keys_.mac.view(), about.span(), plaintext);
    if (content) plaintext.resize(*content);
    return content.has_value();
  }
  const std::size_t fill = std::size_t{plaintext.back()} + 1;
  if (fill > plaintext.size()) return false;
  const auto padding = bytes_view(plaintext).last(fill);
  if (std::any_of(padding.begin(), padding.end(), [&](auto byte) { return byte != padding.back(); }))
    return false;
  plaintext.resize(plaintext.size() - fill);
  return true;
}

// ---- sizes

record_cost cost_of(const protection_suite& suite, std::size_t cid_bytes) {
  const auto& shape = shape_of(suite.cipher);
  const std::size_t mac_bytes = size_of(suite.mac);
  record_cost cost;
  cost.fixed_bytes = header_bytes + cid_bytes + shape.tag_bytes;
  cost.inner_bytes = cid_bytes != 0 ? 1 : 0;
  switch (shape.mode) {
    case protection_mode::gcm:
    case protection_mode::ccm:
      cost.fixed_bytes += explicit_nonce_bytes;
      break;
    case protection_mode::chacha20_poly1305:
      break;
    case protection_mode::cbc:
      cost.block_bytes = cbc_block_bytes;
      cost.fixed_bytes += cbc_block_bytes + (suite.encrypts_then_macs ? mac_bytes : 0);
      cost.inner_bytes += 1 + (suite.encrypts_then_macs ? 0 : mac_bytes);
      break;
  }
  return cost;
}

}  // namespace tlsmodem::dtls12

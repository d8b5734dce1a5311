#include "protection.hpp"

#include "additional_data.hpp"
#include "cbc_mac.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace tlsmodem::dtls12 {
namespace {

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

record_protection::record_protection(const protection_suite& suite, direction_keys keys,
                                     std::uint16_t version)
    : suite_(suite),
      version_(version),
      shape_(shape_of(suite.cipher)),
      keys_(std::move(keys)),
      aead_(suite.cipher) {}

EVP_CIPHER_CTX* record_protection::encryptor() {
  if (!encryptor_) encryptor_ = make_cipher_context(shape_, keys_.key.view(), cipher_use::encrypts);
  return encryptor_.get();
}

EVP_CIPHER_CTX* record_protection::decryptor() {
  if (!decryptor_) decryptor_ = make_cipher_context(shape_, keys_.key.view(), cipher_use::decrypts);
  return decryptor_.get();
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
  const record_view header{type, version_, epoch, sequence, cid, {}, {}};
  const std::size_t length_at = append_header(out, type, version_, epoch, sequence, cid);
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
  const std::size_t start = out.size();
  const std::size_t front = aead_.explicit_bytes();
  out.resize(start + front + inner_size(header, plaintext, padding) + shape_.tag_bytes);
  const auto payload = std::span(out).subspan(start);
  put_inner(payload.data() + front, header, plaintext, padding);
  return aead_.seal(header, keys_, payload);
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
                                                                : aead_.open(record, keys_, plaintext);
  if (!is_authentic) {
    plaintext.clear();
    return false;
  }
  if (!record.cid.empty()) return take_real_type(type, plaintext);
  type = record.type;
  return true;
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

#include "cipher_suites.hpp"

#include <openssl/objects.h>

#include <string_view>

namespace tlsmodem::tls {
namespace {

// AEAD before CBC, forward secrecy before none; no suite that security level 2 would drop anyway. CCM is not
// in OpenSSL's default list, but RFC 7252 and RFC 7925 build on it. ARIA and Camellia only when asked for by
// id.
constexpr const char* default_certificate_suites =
    "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AESCCM:ECDHE+AESCCM8:DHE+AESGCM:DHE+CHACHA20:ECDHE+AES:DHE+AES:"
    "kRSA+AESGCM:kRSA+AESCCM:kRSA+AES:!aNULL:!eNULL:!PSK:!SRP:!aDSS";
constexpr const char* default_psk_suites =
    "kECDHEPSK+CHACHA20:kDHEPSK+AESGCM:kDHEPSK+CHACHA20:kDHEPSK+AESCCM:kDHEPSK+AESCCM8:"
    "kPSK+AESGCM:kPSK+CHACHA20:kPSK+AESCCM:kPSK+AESCCM8:kECDHEPSK+AES:kDHEPSK+AES:kPSK+AES:!eNULL";
// TLS_AES_128_GCM_SHA256 leads: an external PSK without a hash of its own belongs to SHA-256 (RFC
// 8446 4.2.11).
constexpr const char* default_tls1_3_suites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:"
    "TLS_AES_128_CCM_8_SHA256";

constexpr std::size_t aead_explicit_nonce_bytes = 8;  // GCM and CCM, RFC 5288, RFC 6655
constexpr std::size_t aead_tag_bytes = 16;
constexpr std::size_t aead_short_tag_bytes = 8;  // the CCM_8 suites
constexpr std::size_t tls1_3_inner_type_bytes = 1;

bool has_certificate_exchange(int key_exchange) {
  return key_exchange == NID_kx_rsa || key_exchange == NID_kx_ecdhe || key_exchange == NID_kx_dhe;
}

bool has_psk_exchange(int key_exchange) {
  return key_exchange == NID_kx_psk || key_exchange == NID_kx_ecdhe_psk || key_exchange == NID_kx_dhe_psk;
}

bool is_usable(const SSL_CIPHER* suite, suite_family family) {
  if (SSL_CIPHER_get_cipher_nid(suite) == NID_undef) return false;
  if (SSL_CIPHER_get_auth_nid(suite) == NID_auth_null) return false;
  const int key_exchange = SSL_CIPHER_get_kx_nid(suite);
  return family == suite_family::pre_shared_key ? has_psk_exchange(key_exchange)
                                                : has_certificate_exchange(key_exchange);
}

bool is_tls1_3(const SSL_CIPHER* suite) { return SSL_CIPHER_get_kx_nid(suite) == NID_kx_any; }

const SSL_CIPHER* find_suite(SSL* lookup, std::uint16_t id) {
  const unsigned char code[] = {static_cast<unsigned char>(id >> 8), static_cast<unsigned char>(id & 0xff)};
  return SSL_CIPHER_find(lookup, code);
}

void append_name(std::string& list, const SSL_CIPHER* suite) {
  if (!list.empty()) list += ':';
  list += SSL_CIPHER_get_name(suite);
}

std::size_t aead_overhead_bytes(const SSL_CIPHER* suite, int wire_version) {
  const std::string_view name = SSL_CIPHER_standard_name(suite);
  const std::size_t tag =
      name.find("CCM_8") != std::string_view::npos ? aead_short_tag_bytes : aead_tag_bytes;
  if (wire_version == TLS1_3_VERSION) return tls1_3_inner_type_bytes + tag;
  const bool implicit_nonce = SSL_CIPHER_get_cipher_nid(suite) == NID_chacha20_poly1305;
  return (implicit_nonce ? 0 : aead_explicit_nonce_bytes) + tag;
}

// MAC-then-encrypt and encrypt-then-MAC (RFC 7366) have the same worst case.
std::size_t cbc_overhead_bytes(const SSL_CIPHER* suite, int wire_version) {
  const auto [block, mac] = block_cost_of(suite);
  if (mac == 0) return 0;
  // TLS 1.0 chains the IV from record to record.
  const std::size_t explicit_iv = wire_version == TLS1_VERSION ? 0 : block;
  return explicit_iv + mac + block;  // padding: a whole block when the last one is full
}

}  // namespace

suite_lists select_suites(SSL* lookup, suite_family family, const std::vector<std::uint16_t>& ids) {
  if (ids.empty()) {
    const char* older =
        family == suite_family::pre_shared_key ? default_psk_suites : default_certificate_suites;
    return {older, default_tls1_3_suites};
  }
  suite_lists lists;
  for (const std::uint16_t id : ids) {
    const SSL_CIPHER* suite = find_suite(lookup, id);
    if (suite == nullptr) continue;
    if (is_tls1_3(suite)) {
      append_name(lists.tls1_3, suite);
    } else if (is_usable(suite, family)) {
      append_name(lists.up_to_tls1_2, suite);
    }
  }
  return lists;
}

std::size_t record_overhead_bytes(const SSL_CIPHER* suite, int wire_version) {
  const bool datagram = (wire_version >> 8) == DTLS1_VERSION_MAJOR;
  const std::size_t header = datagram ? DTLS1_RT_HEADER_LENGTH : SSL3_RT_HEADER_LENGTH;
  return header + (SSL_CIPHER_is_aead(suite) != 0 ? aead_overhead_bytes(suite, wire_version)
                                                  : cbc_overhead_bytes(suite, wire_version));
}

block_cost block_cost_of(const SSL_CIPHER* suite) {
  if (SSL_CIPHER_is_aead(suite) != 0) return {};
  const EVP_CIPHER* cipher = EVP_get_cipherbynid(SSL_CIPHER_get_cipher_nid(suite));
  const EVP_MD* digest = EVP_get_digestbynid(SSL_CIPHER_get_digest_nid(suite));
  if (cipher == nullptr || digest == nullptr) return {};
  return {static_cast<std::size_t>(EVP_CIPHER_get_block_size(cipher)),
          static_cast<std::size_t>(EVP_MD_get_size(digest))};
}

std::size_t min_protected_bytes(const SSL_CIPHER* suite, int wire_version) {
  if (suite == nullptr) return aead_tag_bytes;
  if (SSL_CIPHER_is_aead(suite) != 0) return aead_overhead_bytes(suite, wire_version);
  // An IV, and a MAC that padding fills up to whole blocks; with encrypt-then-MAC it is a little more.
  const auto block = block_cost_of(suite).block_bytes;
  return cbc_overhead_bytes(suite, wire_version) / block * block;
}

}  // namespace tlsmodem::tls

#include "cipher_suites.hpp"

#include <openssl/objects.h>

#include <string_view>

namespace tlsmodem::tls {
namespace {

// AEAD before CBC, forward secrecy before none, long tags before short ones; no suite that security level 2
// would drop but for CCM_8, on which RFC 7252 and RFC 7925 build. ARIA and Camellia only when asked for by
// id. One by one: the order inside OpenSSL's groups differs between its versions.
constexpr const char* default_certificate_suites =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES256-CCM:ECDHE-ECDSA-AES256-CCM8:ECDHE-ECDSA-AES128-CCM:ECDHE-ECDSA-AES128-CCM8:"
    "DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-CHACHA20-POLY1305:DHE-RSA-AES256-CCM:"
    "DHE-RSA-AES256-CCM8:DHE-RSA-AES128-CCM:DHE-RSA-AES128-CCM8:ECDHE-ECDSA-AES256-SHA384:"
    "ECDHE-RSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA256:ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:"
    "ECDHE-RSA-AES256-SHA:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA256:"
    "DHE-RSA-AES128-SHA256:DHE-RSA-AES256-SHA:DHE-RSA-AES128-SHA:AES256-GCM-SHA384:AES128-GCM-SHA256:"
    "AES256-CCM:AES256-CCM8:AES128-CCM:AES128-CCM8:AES256-SHA256:AES128-SHA256:AES256-SHA:AES128-SHA";
constexpr const char* default_psk_suites =
    "ECDHE-PSK-CHACHA20-POLY1305:DHE-PSK-AES256-GCM-SHA384:DHE-PSK-AES128-GCM-SHA256:"
    "DHE-PSK-CHACHA20-POLY1305:DHE-PSK-AES256-CCM:DHE-PSK-AES256-CCM8:DHE-PSK-AES128-CCM:"
    "DHE-PSK-AES128-CCM8:PSK-AES256-GCM-SHA384:PSK-AES128-GCM-SHA256:PSK-CHACHA20-POLY1305:"
    "PSK-AES256-CCM:PSK-AES256-CCM8:PSK-AES128-CCM:PSK-AES128-CCM8:ECDHE-PSK-AES256-CBC-SHA384:"
    "ECDHE-PSK-AES256-CBC-SHA:ECDHE-PSK-AES128-CBC-SHA256:ECDHE-PSK-AES128-CBC-SHA:"
    "DHE-PSK-AES256-CBC-SHA384:DHE-PSK-AES256-CBC-SHA:DHE-PSK-AES128-CBC-SHA256:DHE-PSK-AES128-CBC-SHA:"
    "PSK-AES256-CBC-SHA384:PSK-AES256-CBC-SHA:PSK-AES128-CBC-SHA256:PSK-AES128-CBC-SHA";
constexpr const char* default_tls1_3_suites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:"
    "TLS_AES_128_CCM_8_SHA256";
// Without the one of SHA-384, see fits_external_psk().
constexpr const char* default_psk_tls1_3_suites =
    "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256";

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

// RFC 8446 4.2.11: an external PSK belongs to one hash, SHA-256 where nothing else was agreed on with it. The
// server may choose any suite that is offered, and only one of this hash can use the key.
bool fits_external_psk(const SSL_CIPHER* suite) {
  return EVP_MD_is_a(SSL_CIPHER_get_handshake_digest(suite), "SHA256") == 1;
}

const SSL_CIPHER* find_suite(SSL* lookup, std::uint16_t id) {
  const unsigned char code[] = {static_cast<unsigned char>(id >> 8), static_cast<unsigned char>(id & 0xff)};
  return SSL_CIPHER_find(lookup, code);
}

void append_name(std::string& list, const SSL_CIPHER* suite) {
  if (!list.empty()) list += ':';
  list += SSL_CIPHER_get_name(suite);
}

bool has_short_tag(const SSL_CIPHER* suite) {
  return std::string_view(SSL_CIPHER_standard_name(suite)).find("CCM_8") != std::string_view::npos;
}

std::size_t header_bytes_of(int wire_version) {
  const bool datagram = (wire_version >> 8) == DTLS1_VERSION_MAJOR;
  return datagram ? DTLS1_RT_HEADER_LENGTH : SSL3_RT_HEADER_LENGTH;
}

dtls12::record_cost aead_cost(const SSL_CIPHER* suite, int wire_version) {
  dtls12::record_cost cost;
  cost.fixed_bytes =
      header_bytes_of(wire_version) + (has_short_tag(suite) ? aead_short_tag_bytes : aead_tag_bytes);
  if (wire_version == TLS1_3_VERSION) {
    cost.inner_bytes = tls1_3_inner_type_bytes;
  } else if (SSL_CIPHER_get_cipher_nid(suite) != NID_chacha20_poly1305) {
    cost.fixed_bytes += aead_explicit_nonce_bytes;
  }
  return cost;
}

dtls12::record_cost cbc_cost(const SSL_CIPHER* suite, int wire_version, bool encrypts_then_macs) {
  dtls12::record_cost cost{header_bytes_of(wire_version), 0, 1};
  const EVP_CIPHER* const cipher = EVP_get_cipherbynid(SSL_CIPHER_get_cipher_nid(suite));
  const EVP_MD* const digest = EVP_get_digestbynid(SSL_CIPHER_get_digest_nid(suite));
  if (cipher == nullptr || digest == nullptr) return cost;
  const auto mac = static_cast<std::size_t>(EVP_MD_get_size(digest));
  cost.block_bytes = static_cast<std::size_t>(EVP_CIPHER_get_block_size(cipher));
  // TLS 1.0 chains the IV from record to record.
  cost.fixed_bytes += (wire_version == TLS1_VERSION ? 0 : cost.block_bytes) + (encrypts_then_macs ? mac : 0);
  cost.inner_bytes = 1 + (encrypts_then_macs ? 0 : mac);
  return cost;
}

std::optional<dtls12::bulk_cipher> bulk_cipher_of(const SSL_CIPHER* suite) {
  using enum dtls12::bulk_cipher;
  switch (SSL_CIPHER_get_cipher_nid(suite)) {
    case NID_aes_128_gcm:
      return aes_128_gcm;
    case NID_aes_256_gcm:
      return aes_256_gcm;
    case NID_aes_128_ccm:
      return has_short_tag(suite) ? aes_128_ccm_8 : aes_128_ccm;
    case NID_aes_256_ccm:
      return has_short_tag(suite) ? aes_256_ccm_8 : aes_256_ccm;
    case NID_chacha20_poly1305:
      return chacha20_poly1305;
    case NID_aes_128_cbc:
      return aes_128_cbc;
    case NID_aes_256_cbc:
      return aes_256_cbc;
    case NID_aria_128_gcm:
      return aria_128_gcm;
    case NID_aria_256_gcm:
      return aria_256_gcm;
    case NID_camellia_128_cbc:
      return camellia_128_cbc;
    case NID_camellia_256_cbc:
      return camellia_256_cbc;
    default:
      return std::nullopt;
  }
}

dtls12::mac_digest mac_digest_of(const SSL_CIPHER* suite) {
  switch (SSL_CIPHER_get_digest_nid(suite)) {
    case NID_sha1:
      return dtls12::mac_digest::sha1;
    case NID_sha256:
      return dtls12::mac_digest::sha256;
    case NID_sha384:
      return dtls12::mac_digest::sha384;
    default:
      return dtls12::mac_digest::none;
  }
}

}  // namespace

suite_lists select_suites(SSL* lookup, suite_family family, const std::vector<std::uint16_t>& ids) {
  if (ids.empty()) {
    return family == suite_family::pre_shared_key
               ? suite_lists{default_psk_suites, default_psk_tls1_3_suites}
               : suite_lists{default_certificate_suites, default_tls1_3_suites};
  }
  suite_lists lists;
  for (const std::uint16_t id : ids) {
    const SSL_CIPHER* suite = find_suite(lookup, id);
    if (suite == nullptr) continue;
    if (is_tls1_3(suite)) {
      if (family == suite_family::pre_shared_key && !fits_external_psk(suite)) {
        lists.lost_by_hash = true;
        continue;
      }
      append_name(lists.tls1_3, suite);
    } else if (is_usable(suite, family)) {
      append_name(lists.up_to_tls1_2, suite);
    }
  }
  return lists;
}

dtls12::record_cost record_cost_of(const SSL_CIPHER* suite, int wire_version, bool encrypts_then_macs) {
  return SSL_CIPHER_is_aead(suite) != 0 ? aead_cost(suite, wire_version)
                                        : cbc_cost(suite, wire_version, encrypts_then_macs);
}

std::optional<dtls12::protection_suite> protection_of(const SSL_CIPHER* suite, bool encrypts_then_macs) {
  const auto cipher = bulk_cipher_of(suite);
  if (!cipher) return std::nullopt;
  if (SSL_CIPHER_is_aead(suite) != 0)
    return dtls12::protection_suite{*cipher, dtls12::mac_digest::none, false};
  const auto mac = mac_digest_of(suite);
  return dtls12::make_suite(static_cast<std::uint64_t>(*cipher), static_cast<std::uint64_t>(mac),
                            encrypts_then_macs);
}

// The suites of before TLS 1.2 use SHA-256 there, RFC 5246 5; DTLS 1.0 has that of TLS 1.1, RFC 4346 5.
const char* prf_digest_of(const SSL_CIPHER* suite, int wire_version) {
  if (wire_version == DTLS1_VERSION) return "MD5-SHA1";
  const EVP_MD* const digest = SSL_CIPHER_get_handshake_digest(suite);
  return digest != nullptr && EVP_MD_is_a(digest, "SHA384") == 1 ? "SHA384" : "SHA256";
}

}  // namespace tlsmodem::tls

// How a cipher suite protects records. All AEAD and CBC suites that libssl has for DTLS 1.2 are here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace tlsmodem::dtls12 {

// The numbers are part of the stored form of an association.
enum class bulk_cipher : std::uint8_t {
  aes_128_gcm = 1,
  aes_256_gcm = 2,
  aes_128_ccm = 3,
  aes_256_ccm = 4,
  aes_128_ccm_8 = 5,
  aes_256_ccm_8 = 6,
  chacha20_poly1305 = 7,
  aes_128_cbc = 8,
  aes_256_cbc = 9,
  aria_128_gcm = 10,
  aria_256_gcm = 11,
  camellia_128_cbc = 12,
  camellia_256_cbc = 13,
};
enum class mac_digest : std::uint8_t { none = 0, sha1 = 1, sha256 = 2, sha384 = 3 };
enum class protection_mode : std::uint8_t { gcm, ccm, chacha20_poly1305, cbc };

struct protection_suite {
  bulk_cipher cipher = bulk_cipher::aes_128_gcm;
  mac_digest mac = mac_digest::none;  // of CBC
  bool encrypts_then_macs = false;    // of CBC, RFC 7366

  bool operator==(const protection_suite&) const = default;
};

struct cipher_shape {
  const char* name;  // libcrypto's
  protection_mode mode;
  std::uint8_t key_bytes;
  std::uint8_t fixed_iv_bytes;  // of the key block
  std::uint8_t tag_bytes;
};

inline constexpr std::size_t cbc_block_bytes = 16;
inline constexpr std::size_t explicit_nonce_bytes = 8;  // of GCM and CCM
inline constexpr std::size_t nonce_bytes = 12;
inline constexpr std::size_t max_mac_bytes = 48;

const cipher_shape& shape_of(bulk_cipher cipher);
const char* name_of(mac_digest digest);  // libcrypto's; not for none
std::size_t size_of(mac_digest digest);

// Nothing for numbers that no suite has.
std::optional<protection_suite> make_suite(std::uint64_t cipher, std::uint64_t mac, bool encrypts_then_macs);

}  // namespace tlsmodem::dtls12

#include "suite.hpp"

#include <array>

namespace tlsmodem::dtls12 {
namespace {

using enum protection_mode;

constexpr std::array shapes = {
    cipher_shape{"AES-128-GCM", gcm, 16, 4, 16},
    cipher_shape{"AES-256-GCM", gcm, 32, 4, 16},
    cipher_shape{"AES-128-CCM", ccm, 16, 4, 16},
    cipher_shape{"AES-256-CCM", ccm, 32, 4, 16},
    cipher_shape{"AES-128-CCM", ccm, 16, 4, 8},
    cipher_shape{"AES-256-CCM", ccm, 32, 4, 8},
    cipher_shape{"ChaCha20-Poly1305", chacha20_poly1305, 32, 12, 16},
    cipher_shape{"AES-128-CBC", cbc, 16, 0, 0},
    cipher_shape{"AES-256-CBC", cbc, 32, 0, 0},
    cipher_shape{"ARIA-128-GCM", gcm, 16, 4, 16},
    cipher_shape{"ARIA-256-GCM", gcm, 32, 4, 16},
    cipher_shape{"CAMELLIA-128-CBC", cbc, 16, 0, 0},
    cipher_shape{"CAMELLIA-256-CBC", cbc, 32, 0, 0},
};

}  // namespace

const cipher_shape& shape_of(bulk_cipher cipher) { return shapes[static_cast<std::size_t>(cipher) - 1]; }

const char* name_of(mac_digest digest) {
  switch (digest) {
    case mac_digest::sha1:
      return "SHA1";
    case mac_digest::sha256:
      return "SHA256";
    default:
      return "SHA384";
  }
}

std::size_t size_of(mac_digest digest) {
  switch (digest) {
    case mac_digest::none:
      return 0;
    case mac_digest::sha1:
      return 20;
    case mac_digest::sha256:
      return 32;
    case mac_digest::sha384:
      return 48;
  }
  return 0;
}

std::optional<protection_suite> make_suite(std::uint64_t cipher, std::uint64_t mac, bool encrypts_then_macs) {
  if (cipher < 1 || cipher > shapes.size() || mac > static_cast<std::uint64_t>(mac_digest::sha384))
    return std::nullopt;
  const protection_suite made{static_cast<bulk_cipher>(cipher), static_cast<mac_digest>(mac),
                              encrypts_then_macs};
  const bool is_cbc = shape_of(made.cipher).mode == cbc;
  if (is_cbc != (made.mac != mac_digest::none) || (encrypts_then_macs && !is_cbc)) return std::nullopt;
  return made;
}

}  // namespace tlsmodem::dtls12

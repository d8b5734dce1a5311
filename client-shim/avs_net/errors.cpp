#include "errors.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace tlsmodem::avs {
namespace {

// RFC 8446 6 and B.2
constexpr std::uint8_t fatal = 2;
constexpr int decrypt_error = 51;

// Numbers of Mbed TLS, without their sign.
constexpr std::uint16_t x509_verification_failed = 0x2700;
constexpr std::uint16_t signature_does_not_fit = 0x4E00;
constexpr std::uint16_t no_trusted_certificate = 0x7680;
constexpr std::uint16_t handshake_failure = 0x6E00;
constexpr std::uint16_t invalid_mac = 0x7180;
constexpr std::uint16_t internal_error = 0x6C00;

struct row {
  at::error code;
  std::uint16_t number;
};

constexpr std::array tls_rows = {
    row{at::error::certificate_refused, x509_verification_failed},
    row{at::error::name_mismatch, x509_verification_failed},
    row{at::error::no_common_parameters, handshake_failure},
    row{at::error::alert_received, handshake_failure},  // its number is lost
    row{at::error::credentials_missing, no_trusted_certificate},
    row{at::error::credentials_unusable, signature_does_not_fit},
    row{at::error::integrity_failure, invalid_mac},
    row{at::error::internal, internal_error},
};

constexpr std::array errno_rows = {
    row{at::error::not_allowed, AVS_EBADF},
    row{at::error::not_supported, AVS_ENOTSUP},
    row{at::error::memory_full, AVS_ENOMEM},
    row{at::error::invalid_index, AVS_EINVAL},
    row{at::error::not_found, AVS_EINVAL},
    row{at::error::memory_failure, AVS_ENOMEM},
    row{at::error::string_too_long, AVS_EINVAL},
    row{at::error::invalid_characters, AVS_EINVAL},
    row{at::error::no_network, AVS_ENETDOWN},
    row{at::error::network_timeout, AVS_ETIMEDOUT},
    row{at::error::incorrect_parameters, AVS_EINVAL},
    row{at::error::unknown, AVS_EPROTO},
    row{at::error::name_not_resolved, AVS_EADDRNOTAVAIL},
    row{at::error::unreachable, AVS_EHOSTUNREACH},
    row{at::error::connection_refused, AVS_ECONNREFUSED},
    row{at::error::connection_reset, AVS_ECONNRESET},
    row{at::error::handshake_timeout, AVS_ETIMEDOUT},
    row{at::error::not_connected, AVS_ENOTCONN},
    row{at::error::busy, AVS_EBUSY},
    row{at::error::message_too_long, AVS_EMSGSIZE},
    row{at::error::would_overflow, AVS_ENOBUFS},
    row{at::error::limit_reached, AVS_ENOBUFS},
    row{at::error::permission_denied, AVS_EACCES},
    row{at::error::aborted, AVS_ECONNABORTED},
    row{at::error::store_unavailable, AVS_EIO},
    row{at::error::address_in_use, AVS_EADDRINUSE},
};

// Instead of those above.
constexpr std::array engine_rows = {
    row{at::error::not_found, AVS_ENOENT},
    row{at::error::not_allowed, AVS_EACCES},  // of the modem's configuration, for everybody
    row{at::error::credentials_unusable, AVS_EPROTO},
};

template <typename Rows>
const row* find(const Rows& rows, at::error code) {
  const auto* const found =
      std::find_if(rows.begin(), rows.end(), [code](const row& r) { return r.code == code; });
  return found == rows.end() ? nullptr : found;
}

}  // namespace

avs_error_t error_of(at::error code, int alert, call during) {
  if (during == call::engine)
    if (const auto* found = find(engine_rows, code)) return error_of(static_cast<avs_errno_t>(found->number));
  if (code == at::error::alert_received && alert >= 0)
    return avs_net_ssl_alert(fatal, static_cast<std::uint8_t>(alert));
  // The trusted certificate has the name that signed and another key, or the server has another key than its
  // certificate.
  const bool is_of_handshake = code == at::error::certificate_refused ||
                               (code == at::error::integrity_failure && during == call::connect);
  if (is_of_handshake && alert == decrypt_error) return avs_net_ssl_lib_error(signature_does_not_fit);
  // A datagram that did not go out although it was sent is a lost datagram. EMSGSIZE would speak of one that
  // came in.
  if (code == at::error::message_too_long && during == call::receive) return error_of(AVS_ETIMEDOUT);
  if (const auto* found = find(tls_rows, code)) return avs_net_ssl_lib_error(found->number);
  if (const auto* found = find(errno_rows, code)) return error_of(static_cast<avs_errno_t>(found->number));
  return error_of(AVS_EPROTO);
}

}  // namespace tlsmodem::avs

#include "alerts.hpp"

#include "daemon/dtls12/handshake_filter.hpp"

#include <openssl/sslerr.h>

#include <algorithm>
#include <array>
#include <utility>

namespace tlsmodem::tls {
namespace {

struct named_alert {
  std::uint8_t description;
  const char* name;
};

// The IANA registry "TLS Alerts"; reserved numbers under the name they had.
constexpr auto alert_names = std::to_array<named_alert>({
    {0, "close_notify"},
    {10, "unexpected_message"},
    {20, "bad_record_mac"},
    {21, "decryption_failed"},
    {22, "record_overflow"},
    {30, "decompression_failure"},
    {40, "handshake_failure"},
    {41, "no_certificate"},
    {42, "bad_certificate"},
    {43, "unsupported_certificate"},
    {44, "certificate_revoked"},
    {45, "certificate_expired"},
    {46, "certificate_unknown"},
    {47, "illegal_parameter"},
    {48, "unknown_ca"},
    {49, "access_denied"},
    {50, "decode_error"},
    {51, "decrypt_error"},
    {52, "too_many_cids_requested"},
    {60, "export_restriction"},
    {70, "protocol_version"},
    {71, "insufficient_security"},
    {80, "internal_error"},
    {86, "inappropriate_fallback"},
    {90, "user_canceled"},
    {100, "no_renegotiation"},
    {109, "missing_extension"},
    {110, "unsupported_extension"},
    {111, "certificate_unobtainable"},
    {112, "unrecognized_name"},
    {113, "bad_certificate_status_response"},
    {114, "bad_certificate_hash_value"},
    {115, "unknown_psk_identity"},
    {116, "certificate_required"},
    {120, "no_application_protocol"},
    {121, "ech_required"},
});

constexpr std::uint8_t bad_record_mac = 20;
constexpr std::uint8_t decryption_failed = 21;
constexpr std::uint8_t handshake_failure = 40;
constexpr std::uint8_t illegal_parameter = 47;
constexpr std::uint8_t decrypt_error = 51;
constexpr std::uint8_t protocol_version = 70;
constexpr std::uint8_t insufficient_security = 71;
constexpr std::uint8_t internal_error = 80;
constexpr std::uint8_t unknown_psk_identity = 115;
constexpr std::uint8_t no_application_protocol = 120;

constexpr int last_alert = 255;
constexpr const char* psk_hint = "; wrong pre-shared key or identity?";

// Servers that want a certificate say so with one of these; TLS 1.3 has certificate_required for it.
constexpr std::initializer_list<int> alerts_about_own_certificate = {
    SSL_AD_HANDSHAKE_FAILURE,    SSL3_AD_NO_CERTIFICATE,
    SSL_AD_BAD_CERTIFICATE,      SSL_AD_CERTIFICATE_UNKNOWN,
    SSL_AD_UNKNOWN_CA,           SSL_AD_ACCESS_DENIED,
    SSL_AD_CERTIFICATE_REQUIRED, SSL_AD_UNSUPPORTED_CERTIFICATE,
    SSL_AD_DECODE_ERROR,  // GnuTLS, which cannot read an empty list
};

const char* hint_about_own_certificate(const callback_notes& notes) {
  switch (notes.own_certificate) {
    case certificate_answer::there_is_none:
      return "; it asked for a client certificate, and there is none";
    case certificate_answer::none_fits:
      return "; it asked for a client certificate, and ours is of no kind that it takes";
    case certificate_answer::not_asked_or_shown:
      break;
  }
  return "";
}

bool is_one_of(int value, std::initializer_list<int> values) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// libssl turns a received fatal alert into a reason of its own.
int received_alert_of(unsigned long error) {
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return -1;
  const int description = ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET;
  return description >= 0 && description <= last_alert ? description : -1;
}

engine_failure received(int description, const failure_facts& facts) {
  const bool nothing_common =
      is_one_of(description, {protocol_version, insufficient_security, no_application_protocol}) ||
      (description == handshake_failure && !facts.notes.server_hello);
  std::string text = "the server sent the alert " + describe_alert(static_cast<std::uint8_t>(description));
  if (facts.psk_mode && is_one_of(description, {bad_record_mac, handshake_failure, illegal_parameter,
                                                decrypt_error, unknown_psk_identity})) {
    text += psk_hint;
  }
  if (is_one_of(description, alerts_about_own_certificate)) text += hint_about_own_certificate(facts.notes);
  const auto code = nothing_common ? at::error::no_common_parameters : at::error::alert_received;
  return {{code, std::move(text)}, description, false};
}

// Devices without a battery begin in 1970: what is good looks as if it came from the future.
constexpr const char* clock_hint = "; the clock of this device may be wrong";

// Why the server's certificate was refused: in OpenSSL's words where these say it.
std::string refusal_reason(const failure_facts& facts) {
  const bool of_server = facts.notes.verify_depth == 0;
  const std::string& date = facts.notes.verify_date;
  const std::string until = date.empty() ? "" : ", on " + date;
  const std::string from = (date.empty() ? "" : ", but from " + date + " on") + clock_hint;
  const std::string list =
      std::string("the revocation list that covers ") + (of_server ? "it" : "one of its authorities");
  if (facts.tlsa_unusable) return "none of the TLSA records is usable";
  switch (facts.notes.verify_error) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "certificate is not yet valid" + from;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "certificate has expired" + until;
    case X509_V_ERR_CERT_REVOKED:
      return of_server ? "it is revoked" : "the certificate of one of its authorities is revoked";
    case X509_V_ERR_CRL_NOT_YET_VALID:
      return list + " is not yet valid" + from;
    case X509_V_ERR_CRL_HAS_EXPIRED:
      return list + " has expired" + until;
    case X509_V_ERR_UNABLE_TO_GET_CRL:
      return of_server ? "there is no revocation list that covers it"
                       : "there is no revocation list that covers one of its authorities";
    default:
      return X509_verify_cert_error_string(facts.notes.verify_error);
  }
}

engine_failure refused(const failure_facts& facts, int sent) {
  if (facts.psk_mode) {
    return {{at::error::certificate_refused,
             std::string("the server did not take the pre-shared key and showed a certificate") + psk_hint},
            sent,
            false};
  }
  const int why = facts.notes.verify_error;
  const std::string reason = refusal_reason(facts);
  if (why == X509_V_ERR_HOSTNAME_MISMATCH || why == X509_V_ERR_IP_ADDRESS_MISMATCH) {
    return {{at::error::name_mismatch, "the certificate is for another server: " + reason}, sent, false};
  }
  return {{at::error::certificate_refused, "the server's certificate was refused: " + reason}, sent, false};
}

// How far the handshake came.
const char* last_message(const callback_notes& notes) {
  if (notes.finished_sent) return "our Finished";
  if (notes.server_hello) return "its ServerHello";
  return notes.server_answered ? "its HelloVerifyRequest" : "our ClientHello";
}

const char* describe_strays(stray_datagrams strays) {
  switch (strays) {
    case stray_datagrams::no_dtls:
      return "the server answers with something else than DTLS";
    case stray_datagrams::other_records:
      return "the server answers with records that are not of this handshake";
    case stray_datagrams::none:
      break;
  }
  return "no answer at all from the server";
}

bool is_about_length(int reason, int sent) {
  // The record layer uses the second one too, with record_overflow.
  return reason == SSL_R_EXCESSIVE_MESSAGE_SIZE ||
         (reason == SSL_R_DATA_LENGTH_TOO_LONG && sent == handshake_failure);
}

std::string text_of_own_complaint(unsigned long error, int reason, int sent) {
  if (!is_about_length(reason, sent)) return reason_text(error);
  return reason == SSL_R_EXCESSIVE_MESSAGE_SIZE
             ? "a message of the server's handshake is longer than this modem takes; of its certificates, "
               "that is " +
                   std::to_string(dtls12::max_message_bytes) + " bytes"
             : "the server's PSK identity hint is longer than " + std::to_string(PSK_MAX_IDENTITY_LEN) +
                   " bytes, more than this modem takes";
}

// What keeps libssl from looking at the server's certificate at all; null: something else is wrong.
const char* oddity_of_certificate(const callback_notes& notes, int reason, int sent) {
  if (notes.no_server_certificate) return "the server showed no certificate";
  if (sent == SSL_AD_BAD_CERTIFICATE) return "the server's certificate cannot be read";
  if (reason == SSL_R_UNABLE_TO_FIND_PUBLIC_KEY_PARAMETERS || reason == SSL_R_UNKNOWN_CERTIFICATE_TYPE)
    return "the key of the server's certificate is of no kind that this modem knows";
  return nullptr;
}

at::error code_of_own_complaint(int reason, int sent) {
  if (is_about_length(reason, sent)) return at::error::message_too_long;
  if (is_one_of(sent, {bad_record_mac, decryption_failed, decrypt_error}))
    return at::error::integrity_failure;
  if (is_one_of(sent, {protocol_version, insufficient_security})) return at::error::no_common_parameters;
  switch (reason) {
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_NO_CIPHERS_AVAILABLE:
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_WRONG_VERSION_NUMBER:  // what speaks no TLS at all ends here too
    case SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED:
    case SSL_R_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED:  // TLS before 1.2 signs with SHA-1
    case SSL_R_DH_KEY_TOO_SMALL:
      return at::error::no_common_parameters;
    case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
    case SSL_R_DIGEST_CHECK_FAILED:
    case SSL_R_BAD_SIGNATURE:
      return at::error::integrity_failure;
    default:
      // An alert of ours other than internal_error complains about what the server sent: it is not our
      // mistake.
      return sent >= 0 && sent != internal_error ? at::error::integrity_failure : at::error::internal;
  }
}

}  // namespace

const char* alert_name(std::uint8_t description) {
  const auto* found = std::find_if(alert_names.begin(), alert_names.end(), [&](const named_alert& alert) {
    return alert.description == description;
  });
  return found == alert_names.end() ? "unknown" : found->name;
}

std::string describe_alert(std::uint8_t description) {
  return std::string(alert_name(description)) + " (" + std::to_string(description) + ")";
}

std::optional<alert> parse_alert(bytes_view content) {
  if (content.size() != 2) return std::nullopt;
  return alert{content[0], content[1]};
}

bool is_fatal(const alert& seen) {
  return seen.level == SSL3_AL_FATAL && seen.description != SSL3_AD_CLOSE_NOTIFY;
}

engine_failure explain_fatal(const alert& received) {
  return {{at::error::alert_received, "the server sent the alert " + describe_alert(received.description)},
          received.description,
          false};
}

engine_failure explain_failure(const failure_facts& facts) {
  const int received_alert = received_alert_of(facts.error);
  if (received_alert >= 0) return received(received_alert, facts);
  // A warning that we sent earlier (no_renegotiation) is not the cause.
  const auto& last_sent = facts.notes.alert_sent;
  const int sent = last_sent && last_sent->level == SSL3_AL_FATAL ? last_sent->description : -1;
  if (facts.key_failure) return {{at::error::credentials_unusable, *facts.key_failure}, sent, false};
  if (facts.error == 0) {
    return {{at::error::internal, "libssl gave the connection up without a reason"}, sent, false};
  }
  const int reason = ERR_GET_LIB(facts.error) == ERR_LIB_SSL ? ERR_GET_REASON(facts.error) : -1;
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && !facts.notes.no_server_certificate)
    return refused(facts, sent);
  if (const char* const odd = oddity_of_certificate(facts.notes, reason, sent))
    return {{at::error::certificate_refused, odd}, sent, false};
  return {
      {code_of_own_complaint(reason, sent), text_of_own_complaint(facts.error, reason, sent)}, sent, false};
}

engine_failure explain_long_chain(std::size_t message_bytes) {
  return {{at::error::message_too_long,
           "the server's certificates have " + std::to_string(message_bytes) + " bytes, more than the " +
               std::to_string(dtls12::max_message_bytes) + " that this modem takes"},
          -1,
          false};
}

std::string explain_silence(const callback_notes& notes, bool psk_mode) {
  if (!notes.server_answered) return describe_strays(notes.strays);
  std::string text = std::string("the server fell silent after ") + last_message(notes);
  // A fatal one would have ended the handshake.
  if (notes.alert_received)
    text += "; it had sent the alert " + describe_alert(notes.alert_received->description);
  text += hint_about_own_certificate(notes);
  if (psk_mode && notes.finished_sent) text += psk_hint;
  return text;
}

std::string explain_end(const callback_notes& notes, bool psk_mode) {
  std::string text = std::string(", after ") + last_message(notes);
  text += hint_about_own_certificate(notes);
  const bool key_was_seen = notes.finished_sent || (notes.psk_in_hello && !notes.server_hello);
  if (psk_mode && key_was_seen) text += psk_hint;
  return text;
}

engine_failure explain_timeout(const callback_notes& notes, bool psk_mode) {
  return {{at::error::handshake_timeout, explain_silence(notes, psk_mode)}, -1, false};
}

}  // namespace tlsmodem::tls

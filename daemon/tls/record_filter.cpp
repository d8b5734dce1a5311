#include "record_filter.hpp"

#include "daemon/dtls12/record.hpp"

#include <openssl/dtls1.h>
#include <openssl/ssl3.h>

namespace tlsmodem::tls {
namespace {

// libssl's limit for the longest message, the server's chain (SSL_MAX_CERT_LIST_DEFAULT).
constexpr std::size_t max_message_bytes = std::size_t{100} * 1024;

using dtls12::record_view;

std::size_t big_endian(bytes_view data, std::size_t offset, std::size_t size) {
  std::size_t value = 0;
  for (const std::uint8_t byte : data.subspan(offset, size)) value = value << 8 | byte;
  return value;
}

bool is_server_message(std::uint8_t type) {
  switch (type) {
    case SSL3_MT_SERVER_HELLO:
    case DTLS1_MT_HELLO_VERIFY_REQUEST:
    case SSL3_MT_NEWSESSION_TICKET:
    case SSL3_MT_CERTIFICATE:
    case SSL3_MT_SERVER_KEY_EXCHANGE:
    case SSL3_MT_CERTIFICATE_REQUEST:
    case SSL3_MT_SERVER_DONE:
    case SSL3_MT_CERTIFICATE_STATUS:
    case SSL3_MT_SUPPLEMENTAL_DATA:
      return true;
    default:
      return false;  // HelloRequest among them: we are in a handshake already
  }
}

// Whole fragments, RFC 6347 4.2.2: type 1, length 3, sequence 2, offset 3, fragment length 3.
bool is_handshake_of_server(bytes_view body) {
  if (body.empty()) return false;
  while (!body.empty()) {
    if (body.size() < DTLS1_HM_HEADER_LENGTH || !is_server_message(body[0])) return false;
    const std::size_t message = big_endian(body, 1, 3);
    const std::size_t offset = big_endian(body, 6, 3);
    const std::size_t fragment = big_endian(body, 9, 3);
    if (message > max_message_bytes || offset + fragment > message) return false;
    if (fragment > body.size() - DTLS1_HM_HEADER_LENGTH) return false;
    body = body.subspan(DTLS1_HM_HEADER_LENGTH + fragment);
  }
  return true;
}

bool is_client_hello(const record_view& seen) {
  return seen.epoch == 0 && seen.type == SSL3_RT_HANDSHAKE && !seen.payload.empty() &&
         seen.payload[0] == SSL3_MT_CLIENT_HELLO;
}

// unrecognized_name, say (RFC 6066 3). close_notify ends the handshake.
bool is_warning(const record_view& seen) {
  return seen.epoch == 0 && seen.type == SSL3_RT_ALERT && seen.payload.size() == 2 &&
         seen.payload[0] == SSL3_AL_WARNING && seen.payload[1] != SSL3_AD_CLOSE_NOTIFY;
}

bool is_wanted_unprotected(const record_view& seen) {
  switch (seen.type) {
    case SSL3_RT_CHANGE_CIPHER_SPEC:
      return seen.payload.size() == 1 && seen.payload[0] == SSL3_MT_CCS;
    case SSL3_RT_ALERT:
      return !is_warning(seen) && seen.payload.size() == 2 &&
             (seen.payload[0] == SSL3_AL_WARNING || seen.payload[0] == SSL3_AL_FATAL);
    case SSL3_RT_HANDSHAKE:
      return is_handshake_of_server(seen.payload);
    default:
      return false;
  }
}

struct expectation {
  association_phase phase;
  std::size_t min_protected_bytes;
};

// libssl checks and drops protected records by itself, but some of its 3.0 versions give an association up
// over one that is shorter than nonce and tag. Handshake records behind the handshake are HelloRequests,
// which RFC 5246 7.4.1.1 lets us ignore and over which libssl can get stuck, or repeats of a Finished, of
// which it bears only twelve.
bool is_wanted_protected(const record_view& seen, const expectation& expected) {
  if (seen.epoch != 1 || seen.payload.size() < expected.min_protected_bytes)
    return false;  // nothing renegotiates
  if (seen.type == SSL3_RT_ALERT || seen.type == SSL3_RT_APPLICATION_DATA) return true;
  return seen.type == SSL3_RT_HANDSHAKE && expected.phase == association_phase::handshaking;
}

bool is_wanted(const record_view& seen, const expectation& expected) {
  if (seen.epoch != 0) return is_wanted_protected(seen, expected);
  return expected.phase == association_phase::handshaking && is_wanted_unprotected(seen);
}

bool is_late_handshake(const record_view& seen, const expectation& expected) {
  return expected.phase == association_phase::established && seen.epoch == 1 &&
         seen.type == SSL3_RT_HANDSHAKE && seen.payload.size() >= expected.min_protected_bytes;
}

}  // namespace

filtered_datagram filter_records(bytes_view datagram, association_phase phase,
                                 std::size_t min_protected_bytes, bytes& scratch) {
  const expectation expected{phase, min_protected_bytes};
  filtered_datagram filtered;
  bytes_view rest = datagram;
  record_view next;
  std::size_t kept = 0;
  scratch.clear();
  bool all_kept = true;
  while (dtls12::next_record(rest, 0, next)) {
    if (is_client_hello(next)) ++filtered.client_hellos;
    if (is_warning(next)) filtered.warning = alert{next.payload[0], next.payload[1]};
    if (is_late_handshake(next, expected)) filtered.repeats_handshake = true;
    if (!is_wanted(next, expected)) {
      if (all_kept) scratch.assign(datagram.begin(), datagram.begin() + static_cast<std::ptrdiff_t>(kept));
      all_kept = false;
      continue;
    }
    if (!all_kept) scratch.insert(scratch.end(), next.whole.begin(), next.whole.end());
    kept += next.whole.size();
  }
  filtered.records = all_kept ? datagram.first(kept) : bytes_view(scratch);
  return filtered;
}

}  // namespace tlsmodem::tls

// What a profile says about (D)TLS, checked and turned into OpenSSL's configuration without any network:
// build_context() is AT#TOPEN, make_engine() is AT#TCONN.
#pragma once

#include "credential.hpp"
#include "engine.hpp"
#include "legacy.hpp"
#include "protocol/result.hpp"
#include "tlsa.hpp"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tlsmodem::tls {

enum class transport_kind : std::uint8_t { datagram, stream };
enum class verification : std::uint8_t { none, optional, required };
// Named after TLS; DTLS 1.0 is tls1_1 here, DTLS 1.2 is tls1_2. Ordered.
enum class tls_version : std::uint8_t { tls1_0, tls1_1, tls1_2, tls1_3 };

// The connection ID that the peer shall put into its records for us.
struct cid_choice {
  bool is_random = false;  // a new one for each handshake
  bytes value;             // empty: ask for one of the peer's, want none
};

struct context_options {
  transport_kind transport = transport_kind::datagram;
  tls_version min_version = tls_version::tls1_2;
  std::optional<tls_version> max_version;  // the newest that the transport has
  std::vector<std::uint16_t> ciphers;      // IANA ids in preference order; empty: all that fit
  verification verify = verification::required;
  bool system_ca = false;
  legacy_allowances legacy;
  std::vector<std::string> alpn;
  milliseconds hs_min{1000};   // RFC 6347 4.2.4.1 initial timer
  milliseconds hs_max{60000};  // and its cap; waited for once as the last wait
  // Copies: a socket keeps what it was opened with.
  std::vector<certificate_list> trusted;      // type 0
  std::optional<certificate_list> own_chain;  // type 1, sorted where that can be
  std::optional<private_key> key;             // type 2
  std::optional<pre_shared_key> psk;          // types 3 and 4: PSK mode, only PSK suites are offered
  revocation_lists revocations;               // type 5; not empty: every certificate needs a list
  bool rebuild_chain = false;                 // the own chain goes on with trusted issuers
  std::vector<tlsa_record> tlsa;              // not empty: DANE; opportunistic where verify is none
  std::optional<cid_choice> cid;              // RFC 9146, datagrams only
  std::size_t cid_padding = 0;                // contents are filled up to multiples of this many bytes
  bool resumes = false;                       // asks for tickets, takes sessions and leaves them behind
};

// SHA-256 over everything of the options that a session must not outlive: transport, versions, suites,
// what is let through of the past, verification, trust, revocation, TLSA records, own credentials, ALPN.
using fingerprint = std::array<std::uint8_t, 32>;

// Whom a connect is for.
struct peer_name {
  std::string host;                // as given to AT#TCONN: name or address literal
  std::optional<std::string> sni;  // profile's `sni`: unset = host; "" = send none, verify host
};

class context;  // opaque, immutable, shared by the engines made from it

// Errors: 808 no usable suite or version; 809 verification required but nothing to verify with, or half a
// credential; 810 key does not match certificate and the like.
at::result<std::shared_ptr<const context>> build_context(const context_options& options);

const fingerprint& fingerprint_of(const context& context);

// datagram_limit: largest UDP payload of the path in bytes (handshake fragments fit it); ignored for streams.
std::unique_ptr<engine> make_engine(std::shared_ptr<const context> context, const peer_name& peer,
                                    std::size_t datagram_limit);

}  // namespace tlsmodem::tls

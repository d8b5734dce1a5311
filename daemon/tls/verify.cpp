#include "verify.hpp"

#include "callback_notes.hpp"

#include <arpa/inet.h>

#include <openssl/x509v3.h>

#include <string>

namespace tlsmodem::tls {
namespace {

// The first complaint is kept: it names the cause, later ones are often its consequences.
int note_complaint(int passed, X509_STORE_CTX* store) {
  if (passed != 0) return 1;
  const auto* ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  int& first = notes_of(ssl).verify_error;
  if (first == X509_V_OK) first = X509_STORE_CTX_get_error(store);
  return context_of(ssl).verify == verification::optional ? 1 : 0;
}

// An address as X.509 knows it: without a URI's brackets and without the zone of RFC 4007, which only means
// something on this host.
std::string without_decoration(std::string name) {
  if (name.size() >= 2 && name.front() == '[' && name.back() == ']') name = name.substr(1, name.size() - 2);
  if (name.find(':') != std::string::npos) name = name.substr(0, name.find('%'));
  return name;
}

bool is_address(const std::string& name) {
  in6_addr ignored{};
  return inet_pton(AF_INET, name.c_str(), &ignored) == 1 || inet_pton(AF_INET6, name.c_str(), &ignored) == 1;
}

// RFC 6066 section 3: a host name goes without its trailing dot.
std::string without_trailing_dot(std::string name) {
  if (!name.empty() && name.back() == '.') name.pop_back();
  return name;
}

}  // namespace

void install_verification(SSL_CTX* ctx, verification verify) {
  if (verify == verification::none) {
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, nullptr);
    return;
  }
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, note_complaint);
  // "Trusted" means what it says: a certificate on the list ends the chain, root or not.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
}

std::optional<at::failure> apply_peer_name(SSL* ssl, const peer_name& peer) {
  const bool sends_none = peer.sni && peer.sni->empty();
  const std::string given = sends_none || !peer.sni ? peer.host : *peer.sni;
  // libssl reads up to the NUL, and takes a leading dot for "any name below this domain".
  if (given.find('\0') != std::string::npos || given.starts_with('.')) {
    return at::failure{at::error::incorrect_parameters, "the server name is not a name"};
  }
  const std::string literal = without_decoration(given);
  const bool address = is_address(literal);
  const std::string name = address ? literal : without_trailing_dot(given);
  if (!sends_none && !address && !name.empty() && SSL_set_tlsext_host_name(ssl, name.c_str()) != 1) {
    return at::failure{at::error::incorrect_parameters, "the server name is too long"};
  }
  const context& context = context_of(ssl);
  if (context.verify == verification::none || context.psk_mode()) return std::nullopt;
  // libssl takes an empty name for "do not check".
  if (name.empty()) return at::failure{at::error::name_mismatch, "there is no server name to verify"};
  X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(expected, name.c_str())
                          : X509_VERIFY_PARAM_set1_host(expected, name.c_str(), name.size());
  if (set != 1) return at::failure{at::error::internal, "the server name could not be set for verification"};
  return std::nullopt;
}

}  // namespace tlsmodem::tls

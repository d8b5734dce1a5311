#include "verify.hpp"

#include "callback_notes.hpp"
#include "dane.hpp"

#include <arpa/inet.h>

#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <string>

namespace tlsmodem::tls {
namespace {

// RFC 5280 6.1: what is trusted ends the path and is not itself checked. libcrypto wants a revocation list
// for it too, which for a trusted intermediate nobody can give: the list's issuer is not in the chain.
bool is_about_list_of_anchor(X509_STORE_CTX* store, const context& context) {
  const int error = X509_STORE_CTX_get_error(store);
  if (error != X509_V_ERR_UNABLE_TO_GET_CRL && error != X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER &&
      error != X509_V_ERR_CRL_SIGNATURE_FAILURE) {
    return false;
  }
  const int length = sk_X509_num(X509_STORE_CTX_get0_chain(store));
  const int untrusted = X509_STORE_CTX_get_num_untrusted(store);
  // Behind a trusted server certificate the chain may go on; with DANE the count is one short.
  const int anchor = context.tlsa.empty() ? untrusted : length - 1;
  return untrusted < length && X509_STORE_CTX_get_error_depth(store) >= anchor;
}

// What security level 0 lets through is SHA-1. For libcrypto it is everything, also RSA keys of 512 bits and
// MD5.
int weakness_beyond_sha1(X509_STORE_CTX* store) {
  constexpr int least_key_bits = 80;  // RSA of 1,024 bits
  constexpr int sha1_security_bits = 63;
  X509* const certificate = X509_STORE_CTX_get_current_cert(store);
  if (certificate == nullptr) return X509_V_OK;
  const int depth = X509_STORE_CTX_get_error_depth(store);
  const EVP_PKEY* const key = X509_get0_pubkey(certificate);
  if (key == nullptr || EVP_PKEY_get_security_bits(key) < least_key_bits)
    return depth == 0 ? X509_V_ERR_EE_KEY_TOO_SMALL : X509_V_ERR_CA_KEY_TOO_SMALL;
  if (depth == sk_X509_num(X509_STORE_CTX_get0_chain(store)) - 1) return X509_V_OK;  // trusted, not signed
  int security_bits = 0;
  if (X509_get_signature_info(certificate, nullptr, nullptr, &security_bits, nullptr) != 1 ||
      security_bits < sha1_security_bits)
    return X509_V_ERR_CA_MD_TOO_WEAK;
  return X509_V_OK;
}

std::string date_of(const ASN1_TIME* time) {
  std::tm fields{};
  std::array<char, 16> text{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &fields) != 1) return {};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &fields)};
}

// Where the validity begins or ends that does not hold today.
std::string date_of_complaint(X509_STORE_CTX* store) {
  const X509* const certificate = X509_STORE_CTX_get_current_cert(store);
  const X509_CRL* const list = X509_STORE_CTX_get0_current_crl(store);
  switch (X509_STORE_CTX_get_error(store)) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return certificate != nullptr ? date_of(X509_get0_notBefore(certificate)) : "";
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return certificate != nullptr ? date_of(X509_get0_notAfter(certificate)) : "";
    case X509_V_ERR_CRL_NOT_YET_VALID:
      return list != nullptr ? date_of(X509_CRL_get0_lastUpdate(list)) : "";
    case X509_V_ERR_CRL_HAS_EXPIRED:
      return list != nullptr ? date_of(X509_CRL_get0_nextUpdate(list)) : "";
    default:
      return {};
  }
}

// The first complaint is kept: it names the cause, later ones are often its consequences.
int note_complaint(int passed, X509_STORE_CTX* store) {
  const auto* ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  if (passed != 0) {
    const int weakness = SSL_get_security_level(ssl) == 0 ? weakness_beyond_sha1(store) : X509_V_OK;
    if (weakness == X509_V_OK) return 1;
    X509_STORE_CTX_set_error(store, weakness);
  }
  callback_notes& notes = notes_of(ssl);
  if (is_about_list_of_anchor(store, context_of(ssl))) {
    X509_STORE_CTX_set_error(store, notes.verify_error);  // it becomes the result of all
    return 1;
  }
  if (notes.verify_error == X509_V_OK) {
    notes.verify_error = X509_STORE_CTX_get_error(store);
    notes.verify_depth = X509_STORE_CTX_get_error_depth(store);
    notes.verify_date = date_of_complaint(store);
  }
  return context_of(ssl).verify == verification::optional ? 1 : 0;
}

// In place of the check: without a usable record libssl would forget about DANE and ask the trusted
// certificates alone.
int refuse_without_usable_record(X509_STORE_CTX* store, void*) {
  X509_STORE_CTX_set_error(store, X509_V_ERR_DANE_NO_MATCH);
  return note_complaint(0, store);
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

void install_verification(const context& context) {
  SSL_CTX* const ctx = context.ssl_ctx.get();
  if (context.verify == verification::none) {
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, nullptr);
    return;
  }
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, note_complaint);
  // "Trusted" means what it says: a certificate on the list ends the chain, root or not.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
  if (context.tlsa_unusable) SSL_CTX_set_cert_verify_callback(ctx, refuse_without_usable_record, nullptr);
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
  if (auto wrong = apply_dane(ssl, name)) return wrong;
  X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const int set = address ? X509_VERIFY_PARAM_set1_ip_asc(expected, name.c_str())
                          : X509_VERIFY_PARAM_set1_host(expected, name.c_str(), name.size());
  if (set != 1) return at::failure{at::error::internal, "the server name could not be set for verification"};
  return std::nullopt;
}

}  // namespace tlsmodem::tls

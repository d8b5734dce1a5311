#include "own_chain.hpp"

#include "callback_notes.hpp"

#include <openssl/x509v3.h>

#include <algorithm>

namespace tlsmodem::tls {
namespace {

bool is_of_key(const X509* certificate, const EVP_PKEY* key) {
  return EVP_PKEY_eq(X509_get0_pubkey(certificate), key) == 1;
}

bool is_self_signed(X509* certificate) { return X509_self_signed(certificate, 0) == 1; }

bool has_issued(X509* issuer, X509* subject) { return X509_check_issued(issuer, subject) == X509_V_OK; }

// Where the chain proper ends and what stands behind it begins.
certificate_list::iterator end_of_path(certificate_list& chain) {
  auto last = chain.begin();
  while (last + 1 != chain.end() && has_issued((last + 1)->get(), last->get())) ++last;
  return last + 1;
}

// Puts trusted issuers behind the last one until one has signed itself. Each goes in once: authorities may
// have signed each other.
std::optional<at::failure> complete(SSL_CTX* ctx, certificate_list& chain) {
  const store_ctx_ptr lookup(X509_STORE_CTX_new());
  if (!lookup || X509_STORE_CTX_init(lookup.get(), SSL_CTX_get_cert_store(ctx), nullptr, nullptr) != 1) {
    return at::failure{at::error::memory_failure, "no memory to complete the own chain"};
  }
  const auto find_issuer = X509_STORE_CTX_get_get_issuer(lookup.get());
  auto end = end_of_path(chain);
  while (!is_self_signed((end - 1)->get())) {
    X509* found = nullptr;
    if (find_issuer(&found, lookup.get(), (end - 1)->get()) != 1) break;
    auto issuer = share(found);
    const auto is_issuer = [&](const auto& link) { return X509_cmp(link.get(), issuer.get()) == 0; };
    if (std::any_of(chain.begin(), chain.end(), is_issuer)) break;
    end = chain.insert(end, std::move(issuer)) + 1;
  }
  return std::nullopt;
}

}  // namespace

certificate_list sort_own_chain(certificate_list given, EVP_PKEY* key) {
  const error_queue_scope scope;
  auto next =
      std::find_if(given.begin(), given.end(), [&](const auto& each) { return is_of_key(each.get(), key); });
  auto sorted_end = given.begin();
  while (next != given.end()) {
    std::rotate(sorted_end, next, next + 1);
    X509* const subject = (sorted_end++)->get();
    if (is_self_signed(subject)) break;
    next = std::find_if(sorted_end, given.end(),
                        [&](const auto& each) { return has_issued(each.get(), subject); });
  }
  return given;
}

std::optional<at::failure> install_own_chain(SSL_CTX* ctx, certificate_list chain, EVP_PKEY* key,
                                             bool completes) {
  if (SSL_CTX_use_certificate(ctx, chain.front().get()) != 1)
    return unusable_credential("the own certificate is unusable");
  if (SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1)
    return unusable_credential("the private key does not match the own certificate");
  if (completes) {
    if (auto wrong = complete(ctx, chain)) return wrong;
  }
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(ctx, chain[i].get()) != 1)
      return unusable_credential("the own chain is unusable");
  }
  return std::nullopt;
}

// libssl asks for a certificate when it has none, or none for the kinds of keys and signatures that the
// server named. Without one it sends an empty list.
void note_missing_certificate(SSL_CTX* ctx) {
  SSL_CTX_set_client_cert_cb(ctx, [](SSL* ssl, X509**, EVP_PKEY**) {
    notes_of(ssl).own_certificate = SSL_get_certificate(ssl) == nullptr ? certificate_answer::there_is_none
                                                                        : certificate_answer::none_fits;
    return 0;
  });
}

}  // namespace tlsmodem::tls

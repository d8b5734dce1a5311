#include "dane.hpp"

namespace tlsmodem::tls {
namespace {

// 1: added, 0: not usable, negative: no memory.
int add_record(SSL* ssl, const tlsa_record& record) {
  return SSL_dane_tlsa_add(ssl, record.usage, record.selector, record.matching, record.data.data(),
                           record.data.size());
}

at::failure no_memory() { return {at::error::memory_failure, "no memory for TLSA records"}; }

}  // namespace

std::optional<at::failure> install_dane(context& context, const context_options& options) {
  if (options.tlsa.empty() || options.psk) return std::nullopt;
  const error_queue_scope scope;
  SSL_CTX* const ctx = context.ssl_ctx.get();
  if (SSL_CTX_dane_enable(ctx) != 1) return no_memory();
  // RFC 7671 5.1: a certificate that a record of usage 3 names stands for the server, whatever name it has.
  SSL_CTX_dane_set_flags(ctx, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
  const ssl_ptr trial(SSL_new(ctx));
  if (!trial || SSL_dane_enable(trial.get(), "trial.invalid") != 1) return no_memory();
  const bool is_opportunistic = options.verify == verification::none;
  for (const tlsa_record& record : options.tlsa) {
    if (is_opportunistic && record.usage < usage_dane_ta) continue;
    const int added = add_record(trial.get(), record);
    if (added < 0) return no_memory();
    if (added == 1) context.tlsa.push_back(record);
  }
  if (is_opportunistic) {
    if (!context.tlsa.empty()) context.verify = verification::required;
  } else {
    context.tlsa_unusable = context.tlsa.empty();
  }
  return std::nullopt;
}

std::optional<at::failure> apply_dane(SSL* ssl, const std::string& base_domain) {
  const auto& records = context_of(ssl).tlsa;
  if (records.empty()) return std::nullopt;
  const bool sends_name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) != nullptr;
  if (SSL_dane_enable(ssl, base_domain.c_str()) != 1) {
    return at::failure{at::error::incorrect_parameters, "the server name is no base domain of TLSA records"};
  }
  if (!sends_name) SSL_set_tlsext_host_name(ssl, nullptr);
  X509_VERIFY_PARAM_set1_host(SSL_get0_param(ssl), nullptr, 0);
  for (const tlsa_record& record : records) {
    if (add_record(ssl, record) != 1) return no_memory();
  }
  return std::nullopt;
}

}  // namespace tlsmodem::tls

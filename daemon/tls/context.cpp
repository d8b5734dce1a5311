#include "context.hpp"

#include "cipher_suites.hpp"
#include "connection_id.hpp"
#include "context_data.hpp"
#include "dane.hpp"
#include "fingerprint.hpp"
#include "own_chain.hpp"
#include "psk.hpp"
#include "security_callback.hpp"
#include "self_test.hpp"
#include "system_authorities.hpp"
#include "verify.hpp"

#include <algorithm>

namespace tlsmodem::tls {
namespace {

// Before 3.0.3, EVP_MAC_init() without a key does not begin anew: the record layer's MACs would be wrong.
static_assert(OPENSSL_VERSION_NUMBER >= 0x30000030L, "OpenSSL 3.0.3 or newer is needed");

// RFC 7301: a protocol name has 1 to 255 bytes, the list fits a 16-bit length.
constexpr std::size_t max_alpn_name_bytes = 255;
constexpr std::size_t max_alpn_list_bytes = 65535;

using maybe_failure = std::optional<at::failure>;

struct version_range {
  tls_version min;
  tls_version max;
};

at::failure no_parameters(std::string text) { return {at::error::no_common_parameters, std::move(text)}; }

maybe_failure check_timers(const context_options& options) {
  if (options.hs_min <= milliseconds{0} || options.hs_max < options.hs_min) {
    return at::failure{at::error::incorrect_parameters, "hs_min has to be positive and not above hs_max"};
  }
  return std::nullopt;
}

maybe_failure check_library(transport_kind transport) {
  if (transport == transport_kind::stream || !datagrams_refused()) return std::nullopt;
  return at::failure{at::error::internal, *datagrams_refused()};
}

// The PKIX usages of TLSA records only narrow what trusted certificates vouch for (RFC 6698 2.1.1).
bool stands_without_trust(const tlsa_record& record) {
  return record.usage == usage_dane_ta || record.usage == usage_dane_ee;
}

maybe_failure check_credentials(const context_options& options) {
  const auto missing = [](const char* text) { return at::failure{at::error::credentials_missing, text}; };
  const bool has_chain = options.own_chain && !options.own_chain->empty();
  const bool has_key = options.key && *options.key != nullptr;
  if (has_chain && !has_key) return missing("there is an own certificate, but no private key for it");
  if (has_key && !has_chain) return missing("there is a private key, but no own certificate for it");
  const bool has_trust = options.system_ca || !options.trusted.empty() ||
                         std::any_of(options.tlsa.begin(), options.tlsa.end(), stands_without_trust);
  if (options.verify == verification::required && !has_trust && !options.psk) {
    return missing("verification is required, but there are no trusted certificates and no pre-shared key");
  }
  return std::nullopt;
}

std::optional<version_range> clamp_versions(const context_options& options) {
  const bool datagram = options.transport == transport_kind::datagram;
  const tls_version oldest = datagram ? tls_version::tls1_1 : tls_version::tls1_0;
  const tls_version newest = datagram ? tls_version::tls1_2 : tls_version::tls1_3;
  const version_range range{std::max(options.min_version, oldest),
                            std::min(options.max_version.value_or(newest), newest)};
  if (range.min > range.max) return std::nullopt;
  return range;
}

int wire_version(transport_kind transport, tls_version version) {
  if (transport == transport_kind::datagram) {
    return version == tls_version::tls1_2 ? DTLS1_2_VERSION : DTLS1_VERSION;
  }
  switch (version) {
    case tls_version::tls1_0:
      return TLS1_VERSION;
    case tls_version::tls1_1:
      return TLS1_1_VERSION;
    case tls_version::tls1_2:
      return TLS1_2_VERSION;
    case tls_version::tls1_3:
      return TLS1_3_VERSION;
  }
  return TLS1_3_VERSION;
}

const SSL_METHOD* method_for(transport_kind transport) {
  return transport == transport_kind::stream ? TLS_client_method() : DTLS_client_method();
}

bool set_versions(SSL_CTX* ctx, transport_kind transport, const version_range& versions) {
  return SSL_CTX_set_min_proto_version(ctx, wire_version(transport, versions.min)) == 1 &&
         SSL_CTX_set_max_proto_version(ctx, wire_version(transport, versions.max)) == 1;
}

void set_policy(SSL_CTX* ctx, const context_options& options) {
  const bool resumes = options.resumes;
  // The usual one is Debian's default too, but a configuration file or another distribution must not decide
  // it.
  SSL_CTX_set_security_level(ctx, options.legacy.security_level);
  SSL_CTX_clear_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_NO_EXTENDED_MASTER_SECRET |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
  if (options.legacy.no_renegotiation_info) SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT);
  SSL_CTX_set_options(ctx,
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | (resumes ? 0 : SSL_OP_NO_TICKET));
  if (resumes) {
    collect_tickets(ctx);
  } else {
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  }
  // Only the chain that was given is shown; trusted certificates do not complete it.
  SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (options.transport == transport_kind::datagram) {
    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);
  } else {
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
  }
}

// Chooses the suites; a list without TLS 1.3 suites ends at 1.2 and the other way round.
maybe_failure set_suites(context& context, const context_options& options, version_range& versions) {
  const ssl_ptr lookup(SSL_new(context.ssl_ctx.get()));
  if (!lookup) return at::failure{at::error::memory_failure, "no memory for a TLS object"};
  const auto family = options.psk ? suite_family::pre_shared_key : suite_family::certificate;
  const suite_lists lists = select_suites(lookup.get(), family, options.ciphers);
  if (lists.tls1_3.empty()) versions.max = std::min(versions.max, tls_version::tls1_2);
  if (lists.up_to_tls1_2.empty()) versions.min = std::max(versions.min, tls_version::tls1_3);
  const char* const none_fits =
      lists.lost_by_hash ? "none of the cipher suites fits the pre-shared key, which belongs to SHA-256"
                         : "none of the cipher suites fits the versions and credentials";
  if (versions.min > versions.max) return no_parameters(none_fits);
  SSL_CTX* const ctx = context.ssl_ctx.get();
  if (!lists.up_to_tls1_2.empty() && SSL_CTX_set_cipher_list(ctx, lists.up_to_tls1_2.c_str()) != 1) {
    return no_parameters(none_fits);
  }
  if (SSL_CTX_set_ciphersuites(ctx, lists.tls1_3.c_str()) != 1) return no_parameters(none_fits);
  if (versions.max == tls_version::tls1_3 && options.psk) {
    const std::string first = lists.tls1_3.substr(0, lists.tls1_3.find(':'));
    STACK_OF(SSL_CIPHER)* const all = SSL_CTX_get_ciphers(ctx);
    for (int i = 0; i < sk_SSL_CIPHER_num(all); ++i) {
      const SSL_CIPHER* const suite = sk_SSL_CIPHER_value(all, i);
      if (first == SSL_CIPHER_get_name(suite)) context.psk_suite_tls1_3 = suite;
    }
  }
  return std::nullopt;
}

// What a ClientHello would hold, after security level and versions.
bool offers_a_suite(SSL_CTX* ctx) {
  const ssl_ptr ssl(SSL_new(ctx));
  if (!ssl) return false;
  STACK_OF(SSL_CIPHER)* const offered = SSL_get1_supported_ciphers(ssl.get());
  const bool any = offered != nullptr && sk_SSL_CIPHER_num(offered) > 0;
  sk_SSL_CIPHER_free(offered);
  return any;
}

maybe_failure set_own_certificate(SSL_CTX* ctx, const context_options& options) {
  note_missing_certificate(ctx);
  if (!options.own_chain || options.own_chain->empty()) return std::nullopt;
  EVP_PKEY* const key = options.key->get();
  return install_own_chain(ctx, sort_own_chain(*options.own_chain, key), key, options.rebuild_chain);
}

maybe_failure set_trust(SSL_CTX* ctx, const context_options& options) {
  X509_STORE* const store = SSL_CTX_get_cert_store(ctx);
  for (const certificate_list& list : options.trusted) {
    for (const auto& certificate : list) {
      if (X509_STORE_add_cert(store, certificate.get()) != 1)
        return unusable_credential("a trusted certificate is unusable");
    }
  }
  if (!options.system_ca) return std::nullopt;
  auto authorities = shared_authorities().current(system_authority_paths());
  if (!authorities) return authorities.why();
  return trust_authorities(store, std::move(*authorities));
}

// With lists every certificate that can be revoked has to be on one that would tell, not only the server's.
maybe_failure set_revocation(SSL_CTX* ctx, const revocation_lists& lists) {
  if (lists.empty()) return std::nullopt;
  for (const auto& list : lists) {
    if (X509_STORE_add_crl(SSL_CTX_get_cert_store(ctx), list.get()) != 1)
      return unusable_credential("a revocation list is unusable");
  }
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return std::nullopt;
}

maybe_failure set_alpn(SSL_CTX* ctx, const std::vector<std::string>& names) {
  if (names.empty()) return std::nullopt;
  bytes list;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > max_alpn_name_bytes) {
      return at::failure{at::error::incorrect_parameters, "an ALPN name has 1 to 255 bytes"};
    }
    list.push_back(static_cast<std::uint8_t>(name.size()));
    list.insert(list.end(), name.begin(), name.end());
  }
  const bool fits = list.size() <= max_alpn_list_bytes;
  // This function, alone in libssl, returns 0 for success.
  if (!fits || SSL_CTX_set_alpn_protos(ctx, list.data(), static_cast<unsigned>(list.size())) != 0) {
    return at::failure{at::error::incorrect_parameters, "the ALPN list is unusable"};
  }
  return std::nullopt;
}

maybe_failure set_psk(context& context, const context_options& options, const version_range& versions) {
  if (!options.psk) return std::nullopt;
  if (auto wrong = check_psk(*options.psk, versions.min)) return wrong;
  context.psk = pre_shared_key{options.psk->key.clone(), options.psk->identity};
  install_psk(context, versions.max == tls_version::tls1_3);
  return std::nullopt;
}

maybe_failure set_connection_id(context& context, const context_options& options) {
  if (!options.cid || options.transport != transport_kind::datagram) return std::nullopt;
  if (!install_connection_id(context.ssl_ctx.get()))
    return at::failure{at::error::internal, "libssl does not take the extension connection_id"};
  context.cid = options.cid;
  context.cid_padding = options.cid_padding;
  return std::nullopt;
}

maybe_failure configure(context& context, const context_options& options, version_range versions) {
  context.ssl_ctx.reset(SSL_CTX_new(method_for(options.transport)));
  SSL_CTX* const ctx = context.ssl_ctx.get();
  if (ctx == nullptr) return at::failure{at::error::memory_failure, "no memory for a TLS context"};
  SSL_CTX_set_app_data(ctx, &context);
  context.transport = options.transport;
  context.verify = options.verify;
  context.hs_min = options.hs_min;
  context.hs_max = options.hs_max;
  context.resumes = options.resumes;
  context.allows_dtls1_0 = versions.min < tls_version::tls1_2;
  context.identity = make_fingerprint(options);
  set_policy(ctx, options);
  install_security_callback(context);
  if (auto wrong = set_connection_id(context, options)) return wrong;
  if (auto wrong = set_suites(context, options, versions)) return wrong;
  if (!set_versions(ctx, options.transport, versions)) return no_parameters("the versions are not available");
  if (auto wrong = install_dane(context, options)) return wrong;
  install_verification(context);
  if (auto wrong = set_trust(ctx, options)) return wrong;
  if (auto wrong = set_revocation(ctx, options.revocations)) return wrong;
  if (auto wrong = set_own_certificate(ctx, options)) return wrong;
  if (auto wrong = set_psk(context, options, versions)) return wrong;
  if (auto wrong = set_alpn(ctx, options.alpn)) return wrong;
  if (!offers_a_suite(ctx)) return no_parameters("no cipher suite passes the security level");
  return std::nullopt;
}

}  // namespace

at::result<std::shared_ptr<const context>> build_context(const context_options& options) {
  if (auto wrong = check_library(options.transport)) return *wrong;
  return build_unexamined_context(options);
}

at::result<std::shared_ptr<const context>> build_unexamined_context(const context_options& options) {
  const error_queue_scope scope;
  if (auto wrong = check_timers(options)) return *wrong;
  const auto versions = clamp_versions(options);
  if (!versions) return no_parameters("no protocol version lies between minimum and maximum");
  if (auto wrong = check_credentials(options)) return *wrong;
  auto made = std::make_shared<context>();
  if (auto wrong = configure(*made, options, *versions)) return *wrong;
  return std::shared_ptr<const context>(std::move(made));
}

const fingerprint& fingerprint_of(const context& context) { return context.identity; }

}  // namespace tlsmodem::tls

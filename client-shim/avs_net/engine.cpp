// The engine of avs_crypto: what an application gives it, the modem keeps for this user id under the tag of
// the query. avs_commons declares these functions and leaves them to whoever has an engine; it defines the
// constructors of descriptions, *_info_from_engine(), itself.
#include "engine.h"

#include "credentials.hpp"
#include "guarded.hpp"

#include <avsystem/commons/avs_crypto_psk.h>

#if defined(AVS_COMMONS_WITH_AVS_CRYPTO_PKI_ENGINE) || defined(AVS_COMMONS_WITH_AVS_CRYPTO_PSK_ENGINE)

namespace tlsmodem::avs {
namespace {

using enum at::credential_type;

// The modem answers when a credential is on its disk.
constexpr std::chrono::seconds engine_limit{5};

constexpr std::string_view end_of_certificate = "-----END CERTIFICATE-----";

client::time_point limit() { return std::chrono::steady_clock::now() + engine_limit; }

// What avs_commons asks for: certificates above it are the application's to add.
void keep_first_certificate(wiped_string& content) {
  const auto end = content.find(end_of_certificate);
  if (end != wiped_string::npos) content.resize(end + end_of_certificate.size());
}

avs_error_t outcome_of(const std::optional<at::failure>& wrong) {
  return wrong ? error_of(wrong->code, -1, call::engine) : AVS_OK;
}

template <typename Call>
avs_error_t with_tag(const char* query, Call&& call) noexcept {
  return guarded([&] {
    const auto tag = tag_of_query(query);
    return tag ? call(*tag) : error_of(AVS_EINVAL);
  });
}

template <typename Info>
avs_error_t store(const char* query, const Info* from, at::credential_type type) noexcept {
  return with_tag(query, [&](std::int64_t tag) {
    if (from == nullptr) return error_of(AVS_EINVAL);
    credentials read;
    if (const auto wrong = read.add(from->desc, type); avs_is_err(wrong)) return wrong;
    auto content = read.take();
    if (content.empty()) return error_of(AVS_EINVAL);  // an empty source, or one that is the engine's already
    auto& first = content.front();
    first.tag = tag;
    if (type == own_chain) keep_first_certificate(first.content);
    return outcome_of(client::keep_credential(client::default_socket_path(), first, limit()));
  });
}

avs_error_t remove(const char* query, at::credential_type type) noexcept {
  return with_tag(query, [&](std::int64_t tag) {
    return outcome_of(client::remove_credential(client::default_socket_path(), tag, type, limit()));
  });
}

}  // namespace
}  // namespace tlsmodem::avs

#endif

extern "C" {

#ifdef AVS_COMMONS_WITH_AVS_CRYPTO_PSK_ENGINE
avs_error_t avs_crypto_psk_engine_key_store(const char* query, const avs_crypto_psk_key_info_t* key_info) {
  return tlsmodem::avs::store(query, key_info, tlsmodem::avs::psk);
}

avs_error_t avs_crypto_psk_engine_key_rm(const char* query) {
  return tlsmodem::avs::remove(query, tlsmodem::avs::psk);
}

avs_error_t avs_crypto_psk_engine_identity_store(const char* query,
                                                 const avs_crypto_psk_identity_info_t* identity_info) {
  return tlsmodem::avs::store(query, identity_info, tlsmodem::avs::psk_identity);
}

avs_error_t avs_crypto_psk_engine_identity_rm(const char* query) {
  return tlsmodem::avs::remove(query, tlsmodem::avs::psk_identity);
}
#endif

#ifdef AVS_COMMONS_WITH_AVS_CRYPTO_PKI_ENGINE
avs_error_t avs_crypto_pki_engine_key_gen(const char* query) {
  return tlsmodem::avs::with_tag(query, [](std::int64_t tag) {
    return tlsmodem::avs::outcome_of(
        tlsmodem::client::make_key(tlsmodem::client::default_socket_path(), tag, tlsmodem::avs::limit()));
  });
}

avs_error_t avs_crypto_pki_engine_key_store(const char* query, const avs_crypto_private_key_info_t* key_info,
                                            avs_crypto_prng_ctx_t* /*prng_ctx*/) {
  return tlsmodem::avs::store(query, key_info, tlsmodem::avs::private_key);
}

avs_error_t avs_crypto_pki_engine_key_rm(const char* query) {
  return tlsmodem::avs::remove(query, tlsmodem::avs::private_key);
}

avs_error_t avs_crypto_pki_engine_certificate_store(const char* query,
                                                    const avs_crypto_certificate_chain_info_t* cert_info) {
  return tlsmodem::avs::store(query, cert_info, tlsmodem::avs::own_chain);
}

avs_error_t avs_crypto_pki_engine_certificate_rm(const char* query) {
  return tlsmodem::avs::remove(query, tlsmodem::avs::own_chain);
}
#endif
}

/* What an application calls to have the modem keep its private key and certificate: the functions of
 * avs_crypto's PKI engine. avs_crypto_pki.h declares them too, but only with
 * AVS_COMMONS_WITH_AVS_CRYPTO_ADVANCED_FEATURES, which Anjay's open tree leaves off; those of the PSK engine
 * are in avs_crypto_psk.h. A query is "tag:<n>".
 *
 * Errors: EINVAL a query or a source that cannot be, EIO a file that cannot be read, EPROTO what is not
 * understood, ENOENT there is nothing to remove, EHOSTUNREACH no modem, ETIMEDOUT it does not answer, EACCES
 * not permitted.
 */
#ifndef TLSMODEM_AVS_NET_ENGINE_H
#define TLSMODEM_AVS_NET_ENGINE_H

#include <avsystem/commons/avs_crypto_pki.h>

#ifdef AVS_COMMONS_WITH_AVS_CRYPTO_PKI_ENGINE
#ifdef __cplusplus
extern "C" {
#endif

/* A key that never leaves the modem. */
avs_error_t avs_crypto_pki_engine_key_gen(const char* query);
/* `prng_ctx` is not used. */
avs_error_t avs_crypto_pki_engine_key_store(const char* query, const avs_crypto_private_key_info_t* key_info,
                                            avs_crypto_prng_ctx_t* prng_ctx);
avs_error_t avs_crypto_pki_engine_key_rm(const char* query);
/* The device's own certificate: of more than one the first. */
avs_error_t avs_crypto_pki_engine_certificate_store(const char* query,
                                                    const avs_crypto_certificate_chain_info_t* cert_info);
avs_error_t avs_crypto_pki_engine_certificate_rm(const char* query);

#ifdef __cplusplus
}
#endif
#endif

#endif

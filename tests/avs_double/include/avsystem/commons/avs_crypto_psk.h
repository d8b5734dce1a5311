#ifndef AVS_DOUBLE_CRYPTO_PSK_H
#define AVS_DOUBLE_CRYPTO_PSK_H

#include <avsystem/commons/avs_crypto_common.h>
#include <avsystem/commons/avs_errno.h>

typedef struct {
  avs_crypto_security_info_union_t desc;
} avs_crypto_psk_key_info_t;

typedef struct {
  avs_crypto_security_info_union_t desc;
} avs_crypto_psk_identity_info_t;

#ifdef __cplusplus
extern "C" {
#endif

avs_crypto_psk_key_info_t avs_crypto_psk_key_info_from_buffer(const void* buffer, size_t buffer_size);

avs_crypto_psk_identity_info_t avs_crypto_psk_identity_info_from_buffer(const void* buffer,
                                                                        size_t buffer_size);

#ifdef AVS_COMMONS_WITH_AVS_CRYPTO_PSK_ENGINE
avs_crypto_psk_key_info_t avs_crypto_psk_key_info_from_engine(const char* query);
avs_crypto_psk_identity_info_t avs_crypto_psk_identity_info_from_engine(const char* query);

// The engine's to define.
avs_error_t avs_crypto_psk_engine_key_store(const char* query, const avs_crypto_psk_key_info_t* key_info);
avs_error_t avs_crypto_psk_engine_key_rm(const char* query);
avs_error_t avs_crypto_psk_engine_identity_store(const char* query,
                                                 const avs_crypto_psk_identity_info_t* identity_info);
avs_error_t avs_crypto_psk_engine_identity_rm(const char* query);
#endif

#ifdef __cplusplus
}
#endif

#endif

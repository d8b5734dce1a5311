#ifndef AVS_DOUBLE_CRYPTO_PKI_H
#define AVS_DOUBLE_CRYPTO_PKI_H

#include <avsystem/commons/avs_crypto_common.h>
#include <avsystem/commons/avs_errno.h>
#include <avsystem/commons/avs_list.h>
#include <avsystem/commons/avs_prng.h>
#include <avsystem/commons/avs_time.h>

typedef struct avs_crypto_certificate_chain_info_struct {
  avs_crypto_security_info_union_t desc;
} avs_crypto_certificate_chain_info_t;

typedef struct {
  avs_crypto_security_info_union_t desc;
} avs_crypto_cert_revocation_list_info_t;

typedef struct {
  avs_crypto_security_info_union_t desc;
} avs_crypto_private_key_info_t;

#ifdef __cplusplus
extern "C" {
#endif

avs_crypto_certificate_chain_info_t avs_crypto_certificate_chain_info_from_file(const char* filename);
avs_crypto_certificate_chain_info_t avs_crypto_certificate_chain_info_from_path(const char* path);
avs_crypto_certificate_chain_info_t avs_crypto_certificate_chain_info_from_buffer(const void* buffer,
                                                                                  size_t buffer_size);
avs_crypto_certificate_chain_info_t avs_crypto_certificate_chain_info_from_array(
    const avs_crypto_certificate_chain_info_t* array_ptr, size_t array_element_count);
avs_crypto_certificate_chain_info_t avs_crypto_certificate_chain_info_from_list(
    AVS_LIST(avs_crypto_certificate_chain_info_t) list);
#ifdef AVS_COMMONS_WITH_AVS_CRYPTO_PKI_ENGINE
avs_crypto_certificate_chain_info_t avs_crypto_certificate_chain_info_from_engine(const char* query);
#endif

avs_crypto_cert_revocation_list_info_t avs_crypto_cert_revocation_list_info_from_file(const char* filename);
avs_crypto_cert_revocation_list_info_t avs_crypto_cert_revocation_list_info_from_buffer(const void* buffer,
                                                                                        size_t buffer_size);
avs_crypto_cert_revocation_list_info_t avs_crypto_cert_revocation_list_info_from_array(
    const avs_crypto_cert_revocation_list_info_t* array_ptr, size_t array_element_count);
avs_crypto_cert_revocation_list_info_t avs_crypto_cert_revocation_list_info_from_list(
    AVS_LIST(avs_crypto_cert_revocation_list_info_t) list);

avs_crypto_private_key_info_t avs_crypto_private_key_info_from_file(const char* filename,
                                                                    const char* password);
avs_crypto_private_key_info_t avs_crypto_private_key_info_from_buffer(const void* buffer, size_t buffer_size,
                                                                      const char* password);
#ifdef AVS_COMMONS_WITH_AVS_CRYPTO_PKI_ENGINE
avs_crypto_private_key_info_t avs_crypto_private_key_info_from_engine(const char* query);
#endif

#ifdef __cplusplus
}
#endif

#endif

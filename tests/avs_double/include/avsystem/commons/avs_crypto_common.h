#ifndef AVS_DOUBLE_CRYPTO_COMMON_H
#define AVS_DOUBLE_CRYPTO_COMMON_H

#include <stddef.h>

#include <avsystem/commons/avs_commons_config.h>

typedef enum {
  AVS_CRYPTO_SECURITY_INFO_CERTIFICATE_CHAIN,
  AVS_CRYPTO_SECURITY_INFO_PRIVATE_KEY,
  AVS_CRYPTO_SECURITY_INFO_CERT_REVOCATION_LIST,
  AVS_CRYPTO_SECURITY_INFO_PSK_IDENTITY,
  AVS_CRYPTO_SECURITY_INFO_PSK_KEY
} avs_crypto_security_info_tag_t;

typedef enum {
  AVS_CRYPTO_DATA_SOURCE_EMPTY,
  AVS_CRYPTO_DATA_SOURCE_FILE,
  AVS_CRYPTO_DATA_SOURCE_PATH,
  AVS_CRYPTO_DATA_SOURCE_BUFFER,
  AVS_CRYPTO_DATA_SOURCE_ARRAY,
  AVS_CRYPTO_DATA_SOURCE_LIST,
#if defined(AVS_COMMONS_WITH_AVS_CRYPTO_PKI_ENGINE) || defined(AVS_COMMONS_WITH_AVS_CRYPTO_PSK_ENGINE)
  AVS_CRYPTO_DATA_SOURCE_ENGINE
#endif
} avs_crypto_data_source_t;

typedef struct avs_crypto_security_info_union_struct avs_crypto_security_info_union_t;

typedef struct {
  const char* filename;
  const char* password;
} avs_crypto_security_info_union_internal_file_t;

typedef struct {
  const char* path;
} avs_crypto_security_info_union_internal_path_t;

typedef struct {
  const void* buffer;
  const char* password;
  size_t buffer_size;
} avs_crypto_security_info_union_internal_buffer_t;

typedef struct {
  const avs_crypto_security_info_union_t* array_ptr;
  size_t element_count;
} avs_crypto_security_info_union_internal_array_t;

typedef struct {
  avs_crypto_security_info_union_t* list_head;
} avs_crypto_security_info_union_internal_list_t;

#if defined(AVS_COMMONS_WITH_AVS_CRYPTO_PKI_ENGINE) || defined(AVS_COMMONS_WITH_AVS_CRYPTO_PSK_ENGINE)
typedef struct {
  const char* query;
} avs_crypto_security_info_union_internal_engine_t;
#endif

struct avs_crypto_security_info_union_struct {
  avs_crypto_security_info_tag_t type;
  avs_crypto_data_source_t source;
  union {
    avs_crypto_security_info_union_internal_file_t file;
    avs_crypto_security_info_union_internal_path_t path;
    avs_crypto_security_info_union_internal_buffer_t buffer;
    avs_crypto_security_info_union_internal_array_t array;
    avs_crypto_security_info_union_internal_list_t list;
#if defined(AVS_COMMONS_WITH_AVS_CRYPTO_PKI_ENGINE) || defined(AVS_COMMONS_WITH_AVS_CRYPTO_PSK_ENGINE)
    avs_crypto_security_info_union_internal_engine_t engine;
#endif
  } info;
};

#ifdef __cplusplus
extern "C" {
#endif

// The TLS backend's to define.
void avs_crypto_clear_buffer(void* buf, size_t size);

#ifdef __cplusplus
}
#endif

#endif

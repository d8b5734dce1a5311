#ifndef AVS_DOUBLE_PRNG_H
#define AVS_DOUBLE_PRNG_H

#include <stddef.h>

// Gives no numbers: TLS must not take any from it.
typedef struct avs_crypto_prng_ctx_struct avs_crypto_prng_ctx_t;

#ifdef __cplusplus
extern "C" {
#endif

typedef int (*avs_prng_entropy_callback_t)(unsigned char* out_buf, size_t out_buf_len, void* user_ptr);

avs_crypto_prng_ctx_t* avs_crypto_prng_new(avs_prng_entropy_callback_t entropy_cb, void* user_ptr);
void avs_crypto_prng_free(avs_crypto_prng_ctx_t** ctx);

#ifdef __cplusplus
}
#endif

#endif

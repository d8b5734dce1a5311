#ifndef AVS_DOUBLE_MEMORY_H
#define AVS_DOUBLE_MEMORY_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void* avs_malloc(size_t size);
void* avs_calloc(size_t nmemb, size_t size);
void avs_free(void* ptr);

#ifdef __cplusplus
}
#endif

#endif

#ifndef AVS_DOUBLE_DEFS_H
#define AVS_DOUBLE_DEFS_H

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

#include <avsystem/commons/avs_commons_config.h>

// As INET6_ADDRSTRLEN, whose header is not to be had through this one.
#define AVS_ADDRSTRLEN ((size_t)46)

typedef union {
  long double widest_float;
  intmax_t widest_integer;
  void* object;
  void (*function)(void);
} avs_max_align_t;

#endif

#ifndef AVS_DOUBLE_TIME_H
#define AVS_DOUBLE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include <avsystem/commons/avs_defs.h>

typedef struct {
  int64_t seconds;
  int32_t nanoseconds;
} avs_time_duration_t;

typedef enum {
  AVS_TIME_DAY,
  AVS_TIME_HOUR,
  AVS_TIME_MIN,
  AVS_TIME_S,
  AVS_TIME_MS,
  AVS_TIME_US,
  AVS_TIME_NS
} avs_time_unit_t;

#ifdef __cplusplus
extern "C" {
#endif

extern const avs_time_duration_t AVS_TIME_DURATION_ZERO;
extern const avs_time_duration_t AVS_TIME_DURATION_INVALID;

bool avs_time_duration_valid(avs_time_duration_t t);
bool avs_time_duration_equal(avs_time_duration_t a, avs_time_duration_t b);
bool avs_time_duration_less(avs_time_duration_t a, avs_time_duration_t b);
avs_time_duration_t avs_time_duration_from_scalar(int64_t value, avs_time_unit_t unit);
int avs_time_duration_to_scalar(int64_t* out, avs_time_unit_t unit, avs_time_duration_t value);

#ifdef __cplusplus
}
#endif

#endif

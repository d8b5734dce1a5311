#ifndef AVS_DOUBLE_CLEANUP_H
#define AVS_DOUBLE_CLEANUP_H

#ifdef __cplusplus
extern "C" {
#endif

void avs_cleanup_global_state(void);

#ifdef __cplusplus
}
#endif

#endif

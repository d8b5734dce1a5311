#ifndef AVS_DOUBLE_ERRNO_H
#define AVS_DOUBLE_ERRNO_H

#include <stdbool.h>
#include <stdint.h>

#define AVS_ERRNO_CATEGORY 37766

typedef struct {
  uint16_t category;
  uint16_t code;
} avs_error_t;

static const avs_error_t AVS_OK = {0, 0};

// The values are part of the interface, so none may be left out or moved.
typedef enum avs_errno {
  AVS_NO_ERROR,
  AVS_E2BIG,
  AVS_EACCES,
  AVS_EADDRINUSE,
  AVS_EADDRNOTAVAIL,
  AVS_EAFNOSUPPORT,
  AVS_EAGAIN,
  AVS_EALREADY,
  AVS_EBADF,
  AVS_EBADMSG,
  AVS_EBUSY,
  AVS_ECHILD,
  AVS_ECONNABORTED,
  AVS_ECONNREFUSED,
  AVS_ECONNRESET,
  AVS_EDEADLK,
  AVS_EDESTADDRREQ,
  AVS_EDOM,
  AVS_EEXIST,
  AVS_EFAULT,
  AVS_EFBIG,
  AVS_EHOSTUNREACH,
  AVS_EINPROGRESS,
  AVS_EINTR,
  AVS_EINVAL,
  AVS_EIO,
  AVS_EISCONN,
  AVS_EISDIR,
  AVS_ELOOP,
  AVS_EMFILE,
  AVS_EMLINK,
  AVS_EMSGSIZE,
  AVS_ENAMETOOLONG,
  AVS_ENETDOWN,
  AVS_ENETRESET,
  AVS_ENETUNREACH,
  AVS_ENFILE,
  AVS_ENOBUFS,
  AVS_ENODEV,
  AVS_ENOENT,
  AVS_ENOEXEC,
  AVS_ENOLINK,
  AVS_ENOMEM,
  AVS_ENOMSG,
  AVS_ENOPROTOOPT,
  AVS_ENOSPC,
  AVS_ENOSYS,
  AVS_ENOTBLK,
  AVS_ENOTCONN,
  AVS_ENOTDIR,
  AVS_ENOTEMPTY,
  AVS_ENOTSOCK,
  AVS_ENOTSUP,
  AVS_ENOTTY,
  AVS_ENXIO,
  AVS_EOVERFLOW,
  AVS_EPERM,
  AVS_EPIPE,
  AVS_EPROTO,
  AVS_EPROTONOSUPPORT,
  AVS_EPROTOTYPE,
  AVS_ERANGE,
  AVS_EROFS,
  AVS_ESPIPE,
  AVS_ESRCH,
  AVS_ETIMEDOUT,
  AVS_ETXTBSY,
  AVS_EXDEV,
  AVS_UNKNOWN_ERROR = 65535
} avs_errno_t;

#ifdef __cplusplus
extern "C" {
#endif

static inline bool avs_is_err(avs_error_t error) { return error.code != 0; }
static inline bool avs_is_ok(avs_error_t error) { return !avs_is_err(error); }

static inline avs_error_t avs_errno(avs_errno_t number) {
  avs_error_t error = {AVS_ERRNO_CATEGORY, (uint16_t)number};
  return error;
}

#ifdef __cplusplus
}
#endif

#endif

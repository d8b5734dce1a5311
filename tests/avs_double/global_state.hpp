#pragma once

#include <avsystem/commons/avs_errno.h>

namespace tlsmodem::test {

// Before the first socket and the first name: at either the library starts its TLS backend.
avs_error_t ensure_global_state();

}  // namespace tlsmodem::test

// What a context is, in 32 bytes.
#pragma once

#include "context.hpp"

namespace tlsmodem::tls {

fingerprint make_fingerprint(const context_options& options);

}  // namespace tlsmodem::tls

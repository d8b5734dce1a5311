// What the security levels of libssl refuse although a profile asked for it by name.
#pragma once

#include "context_data.hpp"

namespace tlsmodem::tls {

// Lets pass what OpenSSL 3.0 let pass at every level that is used here, and later versions do not: suites
// with CCM_8 (RFC 7252 9.1.3.1 makes one mandatory; its short tag is the reason), and versions before 1.2,
// which `min_version` names. Everything else is up to libssl. The same on every version of libssl.
void install_security_callback(context& context);

}  // namespace tlsmodem::tls

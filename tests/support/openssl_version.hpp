// What differs between versions of OpenSSL as a server: the library that is linked, and the program of the
// same package.
#pragma once

#include <openssl/crypto.h>

namespace tlsmodem::test {

// The alert for a TLS 1.3 binder made with another key. RFC 8446 6.2 has decrypt_error, which OpenSSL sends
// since 3.2; before, it was illegal_parameter.
inline int wrong_binder_alert() {
  constexpr unsigned long first_that_obeys = 0x30200000UL;
  return OpenSSL_version_num() >= first_that_obeys ? 51 : 47;
}

}  // namespace tlsmodem::test

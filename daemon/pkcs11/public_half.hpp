// The public half of a key pair in a token, as far as the token shows it.
#pragma once

#include "daemon/tls/credential.hpp"
#include "module.hpp"

namespace tlsmodem::pkcs11 {

// The OID of the curve P-256 as DER: CKA_EC_PARAMS.
bytes_view p256_parameters();

// Errors: 810, also for a key that is neither RSA nor EC on P-256 or P-384.
at::result<tls::private_key> public_half_of(const session& in, CK_OBJECT_HANDLE private_key);

}  // namespace tlsmodem::pkcs11

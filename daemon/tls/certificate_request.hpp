// Keys that are made here, and what asks an authority to certify a key.
#pragma once

#include "credential.hpp"

#include <string>

namespace tlsmodem::tls {

// An EC key on P-256.
at::result<private_key> generate_key();

// PKCS #10 as PEM, signed by the key. Error 810: the key did not sign.
at::result<std::string> make_certificate_request(const private_key& key, const std::string& common_name);

}  // namespace tlsmodem::tls

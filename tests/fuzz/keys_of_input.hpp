// Keys that depend on every byte of the input: libFuzzer watches comparisons, and would put a genuine record
// that it saw in one run into the next.
#pragma once

#include "tests/daemon/dtls12/fixtures.hpp"

#include <openssl/sha.h>

#include <cstdlib>

namespace tlsmodem::fuzz {

inline dtls12::connection_keys keys_of_input(const dtls12::protection_suite& suite, bytes_view input) {
  bytes digest(SHA384_DIGEST_LENGTH);
  SHA384(input.data(), input.size(), digest.data());
  auto keys = dtls12::derive_keys(suite, "SHA256", digest, {}, {});
  if (!keys) std::abort();
  return std::move(*keys);
}

}  // namespace tlsmodem::fuzz

// AT#TCRED payloads: any bytes, with and without a password.
#include "daemon/tls/credential.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tlsmodem;
  const bytes_view payload{data, size};
  const secret password(as_bytes("password"));
  const auto lists = tls::parse_revocation_lists(payload);
  if (lists ? lists->empty() : lists.why().code != at::error::credentials_unusable) std::abort();
  const auto certificates = tls::parse_certificates(payload);
  if (certificates && certificates->empty()) std::abort();
  if (!certificates && certificates.why().code != at::error::credentials_unusable) std::abort();
  for (const secret* given : {static_cast<const secret*>(nullptr), &password}) {
    const auto key = tls::parse_private_key(payload, given);
    if (key && *key == nullptr) std::abort();
    if (!key) continue;
    // What is kept of a key is the key.
    const auto kept = tls::to_pkcs8(*key);
    if (kept && !tls::parse_private_key(kept->view(), nullptr)) std::abort();
  }
  if (ERR_peek_error() != 0) std::abort();
  return 0;
}

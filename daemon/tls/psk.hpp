// Pre-shared keys: how libssl gets them in TLS up to 1.2 and in TLS 1.3.
#pragma once

#include "context_data.hpp"

#include <optional>

namespace tlsmodem::tls {

// What is wrong with the key or its identity on a connection whose oldest version is `oldest`, if anything.
std::optional<at::failure> check_psk(const pre_shared_key& psk, tls_version oldest);

// Registers the callbacks, and refuses every certificate: only the key proves who the server is.
// Precondition: app data of `context.ssl_ctx` is `context`, its lists of suites are set.
void install_psk(context& context, bool tls1_3_possible);

}  // namespace tlsmodem::tls

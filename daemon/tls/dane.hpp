// DANE (RFC 6698, RFC 7671): a server's certificate checked by the TLSA records of its domain. libssl
// matches; here is what the records make of a context and of an association.
#pragma once

#include "context_data.hpp"

#include <optional>
#include <string>

namespace tlsmodem::tls {

// Keeps those of the options' records that are usable, and makes verification of them:
// - Where it is required or optional, records of which none is usable vouch for nobody.
// - Where there is none, it is opportunistic (RFC 7671 4.1): usable records are enforced, no usable record
//   means no verification. Usages 0 and 1, which need trusted certificates too, are not usable then.
std::optional<at::failure> install_dane(context& context, const context_options& options);

// Gives the records of its context to an association with `base_domain`. Before the expected name is set and
// after the name that is sent: libssl would set both.
std::optional<at::failure> apply_dane(SSL* ssl, const std::string& base_domain);

}  // namespace tlsmodem::tls

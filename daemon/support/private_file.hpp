// A file with a secret that only the daemon may read: the key of the store, the PIN of tokens.
//
// It is a regular file of the daemon's user or root, closed to all others; or a credential of the unit, which
// systemd keeps readable for the daemon by its group or an ACL.
#pragma once

#include "protocol/result.hpp"
#include "secret.hpp"

#include <string>
#include <string_view>

namespace tlsmodem {

// `what` begins a failure's sentence: "The key file". A file that is longer comes back as most_bytes + 1
// bytes, so that the caller can say what it should be. Error: 810.
at::result<secret> load_private_file(std::string_view what, const std::string& path, std::size_t most_bytes);

}  // namespace tlsmodem

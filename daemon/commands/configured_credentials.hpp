// The credentials that the sections [credential TAG] of the configuration name: each is read from its file
// once, when the configuration is loaded.
#pragma once

#include "daemon/settings/settings.hpp"
#include "daemon/store/credential_set.hpp"

namespace tlsmodem {

// A failure names file, line and key of the configuration. Every file is read; there is nothing to wait for
// but the disk.
at::result<credential_set> load_configured_credentials(const settings& config);

}  // namespace tlsmodem

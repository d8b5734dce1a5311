// The key file of the store: 32 to 4096 bytes that should be random, readable by the daemon only.
//
// Error codes: credentials_unusable when the file is not what it must be, which a person has to mend;
// store_unavailable when the disk would not have it, which may pass.
#pragma once

#include "daemon/support/secret.hpp"
#include "protocol/result.hpp"

#include <string>

namespace tlsmodem::store {

// A file that its group or others can read is refused, unless systemd made it: a credential of the unit is
// owned by root and readable for the daemon by its group or an ACL.
at::result<secret> load_store_key(const std::string& path);

// The file "store.key" in the directory. It is made when there is none, and is on the disk before this
// returns; one that is there is never replaced, whatever is in it.
at::result<secret> load_or_make_store_key(const std::string& state_dir);

}  // namespace tlsmodem::store

// Who is at the other end of a Unix socket (SO_PEERCRED): fixed at connect time, not to be forged.
#pragma once

#include <sys/types.h>

#include <optional>

namespace tlsmodem {

struct peer_identity {
  pid_t process = 0;
  uid_t user = 0;
  gid_t group = 0;
};

// Nothing if the kernel does not tell.
std::optional<peer_identity> peer_identity_of(int fd);

}  // namespace tlsmodem

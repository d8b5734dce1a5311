#include "peer_identity.hpp"

#include <sys/socket.h>

namespace tlsmodem {

std::optional<peer_identity> peer_identity_of(int fd) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  return peer_identity{credentials.pid, credentials.uid, credentials.gid};
}

}  // namespace tlsmodem

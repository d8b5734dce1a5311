// The command on the network under the sockets: AT#TNET.
#include "modem.hpp"
#include "protocol/commands/network.hpp"

#include <set>

namespace tlsmodem {

using at::error;
using at::outcome;

// One modem has one network: it is done to the sockets of all channels of the user.
outcome modem::impair_network(const at::request& what) {
  const auto request = at::parse_network(what.values);
  if (!request) return outcome::failed(request.why());
  if (!shared_.config.allow_network_tests)
    return outcome::failed({error::permission_denied, "The daemon's setting allow-network-tests is off."});
  std::size_t moved = 0;
  for (modem* const one : std::set(shared_.modems))  // what a socket tells may end its channel
    if (shared_.modems.contains(one) && one->user_ == user_) moved += one->rebind_sockets();
  if (moved > 0) return outcome::done();
  return outcome::failed({error::not_connected, "There is no connected datagram socket to move."});
}

std::size_t modem::rebind_sockets() {
  std::size_t moved = 0;
  for (const auto& [id, socket] : std::map(sockets_))
    if (socket->operate([](socket_machine& machine, auto) { return machine.rebind(); })) ++moved;
  return moved;
}

}  // namespace tlsmodem

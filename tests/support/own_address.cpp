#include "own_address.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

namespace tlsmodem::test {
namespace {

// An alias of the interface has one address, and goes with it.
void set_alias(const std::string& address) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo:7");
  sockaddr_in given{};
  given.sin_family = AF_INET;
  bool is_set = ::inet_pton(AF_INET, address.c_str(), &given.sin_addr) == 1;
  std::memcpy(&request.ifr_addr, &given, sizeof given);
  is_set = is_set && ::ioctl(fd, SIOCSIFADDR, &request) == 0;
  ::close(fd);
  if (!is_set) throw std::runtime_error("no address " + address);
}

}  // namespace

own_address::own_address(std::string address) : address_(std::move(address)) { set_alias(address_); }

own_address::~own_address() {
  if (is_there_) set_alias("0.0.0.0");
}

void own_address::take_away() {
  set_alias("0.0.0.0");
  is_there_ = false;
}

}  // namespace tlsmodem::test

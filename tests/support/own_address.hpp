// An address of this machine that comes and goes, as a device's does; only in the test's network namespace.
#pragma once

#include <string>

namespace tlsmodem::test {

class own_address {
 public:
  // Of IPv4, on the loopback interface. Throws when the system does not let it.
  explicit own_address(std::string address);
  ~own_address();
  own_address(const own_address&) = delete;
  own_address& operator=(const own_address&) = delete;

  const std::string& text() const { return address_; }
  void take_away();

 private:
  std::string address_;
  bool is_there_ = true;
};

}  // namespace tlsmodem::test

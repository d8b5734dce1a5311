#include "captured_log.hpp"

#include "daemon/support/log.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace tlsmodem::test {

captured_log::captured_log() : descriptor_(::open(path_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) {
  redirect_log(descriptor_, log_format::journal);
}

captured_log::~captured_log() {
  redirect_log(STDERR_FILENO, log_format::person);
  ::close(descriptor_);
}

int captured_log::count(std::string_view part) const {
  const auto all = text();
  int found = 0;
  for (auto at = all.find(part); at != std::string::npos; at = all.find(part, at + part.size())) ++found;
  return found;
}

}  // namespace tlsmodem::test

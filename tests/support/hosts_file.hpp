// Names of the test's own, without touching the machine.
#pragma once

#include "process.hpp"

#include <string_view>

namespace tlsmodem::test {

// For this process and those that it starts from now on, the content replaces /etc/hosts (only localhost
// stays), and no name server is asked: a mount namespace with files bound over the system's. Throws when the
// kernel does not allow it. `directory` has to stay.
void use_hosts(const temporary_directory& directory, std::string_view content);

}  // namespace tlsmodem::test

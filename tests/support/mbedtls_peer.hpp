// The programs that scripts/mbedtls_peer.sh builds: the only DTLS peer here that knows connection IDs.
#pragma once

#include <string>

namespace tlsmodem::test {

struct mbedtls_programs {
  std::string directory;    // "": they are not there
  std::string why_missing;  // a sentence, then

  bool are_there() const { return !directory.empty(); }
  std::string path(const std::string& program) const { return directory + "/" + program; }
};

// Asks the script, which knows where it has put them.
mbedtls_programs find_mbedtls_programs();

}  // namespace tlsmodem::test

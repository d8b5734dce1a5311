#include "mbedtls_peer.hpp"

#include "process.hpp"

#include <stdexcept>

namespace tlsmodem::test {

mbedtls_programs find_mbedtls_programs() {
  const temporary_directory directory;
  process script({MBEDTLS_PEER_SCRIPT, "--cached"}, {directory.path("output"), "", {}});
  const auto status = script.wait();
  auto output = read_file(directory.path("output"));
  while (output.ends_with('\n')) output.pop_back();
  if (status == 0) return {output, ""};
  if (status == 77) return {"", output};
  throw std::runtime_error("mbedtls_peer.sh: " + output);
}

}  // namespace tlsmodem::test

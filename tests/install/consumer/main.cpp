#include <cstdio>
#include <tlsmodem/protocol/error.hpp>

int main() {
  const auto text = tlsmodem::at::describe(tlsmodem::at::error::busy);
  std::printf("%.*s\n", static_cast<int>(text.size()), text.data());
  return text.empty() ? 1 : 0;
}

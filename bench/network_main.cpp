// main() of the benchmarks that go through sockets.
#include "tests/support/process.hpp"

#include <benchmark/benchmark.h>

#include <cstdio>

int main(int argc, char** argv) {
  // Packet filter rules of the host would be measured too.
  if (!tlsmodem::test::enter_private_network())
    std::fputs("measuring in the host's network namespace\n", stderr);
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

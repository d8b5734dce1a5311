#include "tests/support/process.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  if (::testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();
  std::signal(SIGPIPE, SIG_IGN);
  if (!tlsmodem::test::enter_private_network()) {
    std::fputs("integration tests need a network namespace of their own (root, or user namespaces)\n",
               stderr);
    return 1;
  }
  return RUN_ALL_TESTS();
}

// The examination of the libssl that is loaded: it passes, and notices what is not as it should be.
#include "daemon/tls/self_test.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace tlsmodem::test {
namespace {

TEST(self_test, passes_with_the_library_that_is_here) {
  EXPECT_EQ(tls::examine_datagrams(), std::nullopt);
  EXPECT_EQ(tls::datagrams_refused(), std::nullopt);
}

struct difference {
  const char* name;
  void (*make)(bytes& datagram);
  const char* what;
};

class self_test_notices : public testing::TestWithParam<difference> {};

TEST_P(self_test_notices, a_libssl_that_does_otherwise) {
  const auto complaint = tls::examine_datagrams(GetParam().make);
  ASSERT_TRUE(complaint);
  EXPECT_NE(complaint->find(GetParam().what), std::string::npos) << *complaint;
  EXPECT_NE(complaint->find(OpenSSL_version(OPENSSL_VERSION_STRING)), std::string::npos) << *complaint;
}

bool is_of(const bytes& datagram, std::uint8_t type, std::uint8_t epoch) {
  return datagram.size() > 13 && datagram[0] == type && datagram[4] == epoch;
}

INSTANTIATE_TEST_SUITE_P(
    differences, self_test_notices,
    testing::Values(difference{"repeats_under_old_numbers",
                               [](bytes& datagram) {
                                 if (is_of(datagram, 22, 0)) datagram[10] = 0;
                               },
                               "full handshake"},
                    difference{"changes_a_message",
                               [](bytes& datagram) {
                                 // The last byte of a ClientHello with a cookie, which is in an extension.
                                 if (is_of(datagram, 22, 0) && datagram[13] == 1 && datagram[18] == 1)
                                   datagram.back() ^= 1;
                               },
                               "full handshake"},
                    difference{"sends_nothing", [](bytes& datagram) { datagram.clear(); },
                               "does not come to its end"},
                    difference{"protects_otherwise",
                               [](bytes& datagram) {
                                 if (is_of(datagram, 23, 1)) datagram.back() ^= 1;
                               },
                               "leaves the server without our keys"},
                    difference{"does_not_resume",
                               [](bytes& datagram) {
                                 // The ticket of an abbreviated handshake makes its ClientHello long.
                                 if (is_of(datagram, 22, 0) && datagram[13] == 1 && datagram.size() > 250)
                                   datagram.clear();
                               },
                               "abbreviated handshake"}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace tlsmodem::test

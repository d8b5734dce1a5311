// Every error of the modem has its name in avs_net.
#include "client-shim/avs_net/errors.hpp"

#include <gtest/gtest.h>

#include <set>

namespace tlsmodem::test {
namespace {

using avs::call;
using avs::error_of;

bool equal(avs_error_t a, avs_error_t b) { return a.category == b.category && a.code == b.code; }

TEST(avs_errors, all_have_a_row_of_their_own) {
  // What no row names is EPROTO, which only `unknown` may be.
  for (const auto code : at::all_errors()) {
    const auto error = error_of(code, -1, call::connect);
    EXPECT_TRUE(avs_is_err(error)) << static_cast<int>(code);
    EXPECT_EQ(equal(error, avs_errno(AVS_EPROTO)), code == at::error::unknown) << static_cast<int>(code);
  }
}

TEST(avs_errors, are_what_anjay_knows) {
  const struct {
    at::error code;
    int alert;
    avs_error_t expected;
  } rows[] = {
      {at::error::name_not_resolved, -1, avs_errno(AVS_EADDRNOTAVAIL)},
      {at::error::connection_refused, -1, avs_errno(AVS_ECONNREFUSED)},
      {at::error::handshake_timeout, -1, avs_errno(AVS_ETIMEDOUT)},
      {at::error::address_in_use, -1, avs_errno(AVS_EADDRINUSE)},
      {at::error::not_supported, -1, avs_errno(AVS_ENOTSUP)},
      {at::error::certificate_refused, 48, avs_net_ssl_lib_error(0x2700)},
      {at::error::name_mismatch, 42, avs_net_ssl_lib_error(0x2700)},
      {at::error::certificate_refused, 51, avs_net_ssl_lib_error(0x4E00)},
      {at::error::credentials_unusable, -1, avs_net_ssl_lib_error(0x4E00)},
      {at::error::alert_received, 48, avs_net_ssl_alert(2, 48)},
      {at::error::alert_received, 0, avs_net_ssl_alert(2, 0)},
      {at::error::alert_received, -1, avs_net_ssl_lib_error(0x6E00)},
  };
  for (const auto& row : rows) {
    const auto error = error_of(row.code, row.alert, call::connect);
    EXPECT_EQ(error.category, row.expected.category) << static_cast<int>(row.code);
    EXPECT_EQ(error.code, row.expected.code) << static_cast<int>(row.code);
  }
}

TEST(avs_errors, a_datagram_that_was_too_long_is_lost_and_not_cut) {
  EXPECT_TRUE(equal(error_of(at::error::message_too_long, -1, call::send), avs_errno(AVS_EMSGSIZE)));
  EXPECT_TRUE(equal(error_of(at::error::message_too_long, -1, call::receive), avs_errno(AVS_ETIMEDOUT)));
}

TEST(avs_errors, of_the_engine_are_of_credentials_and_not_of_handshakes) {
  const struct {
    at::error code;
    avs_errno_t expected;
  } rows[] = {
      {at::error::not_found, AVS_ENOENT},
      {at::error::not_allowed, AVS_EACCES},
      {at::error::credentials_unusable, AVS_EPROTO},
      {at::error::memory_full, AVS_ENOMEM},
      {at::error::incorrect_parameters, AVS_EINVAL},
      {at::error::store_unavailable, AVS_EIO},
      {at::error::unreachable, AVS_EHOSTUNREACH},
      {at::error::handshake_timeout, AVS_ETIMEDOUT},
      {at::error::permission_denied, AVS_EACCES},
  };
  for (const auto& row : rows)
    EXPECT_TRUE(equal(error_of(row.code, -1, call::engine), avs_errno(row.expected)))
        << static_cast<int>(row.code);
}

// ENODEV is the one error of receive() that Anjay ignores: a dead socket would stay.
TEST(avs_errors, none_is_ignored_by_anjay) {
  for (const auto code : at::all_errors())
    EXPECT_FALSE(equal(error_of(code, -1, call::receive), avs_errno(AVS_ENODEV))) << static_cast<int>(code);
}

}  // namespace
}  // namespace tlsmodem::test

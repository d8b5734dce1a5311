#include "daemon/tls/alerts.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::tls {
namespace {

TEST(alerts, have_the_names_of_the_registry) {
  EXPECT_STREQ(alert_name(0), "close_notify");
  EXPECT_STREQ(alert_name(40), "handshake_failure");
  EXPECT_STREQ(alert_name(112), "unrecognized_name");
  EXPECT_STREQ(alert_name(115), "unknown_psk_identity");
  EXPECT_STREQ(alert_name(116), "certificate_required");
  EXPECT_STREQ(alert_name(120), "no_application_protocol");
  EXPECT_STREQ(alert_name(121), "ech_required");
  EXPECT_STREQ(alert_name(200), "unknown");
  EXPECT_EQ(describe_alert(20), "bad_record_mac (20)");
}

// handshake_failure means "nothing in common" only as the answer to a ClientHello.
TEST(alerts, handshake_failure_depends_on_the_server_hello) {
  callback_notes notes;
  const unsigned long error = ERR_PACK(ERR_LIB_SSL, 0, SSL_AD_REASON_OFFSET + 40);
  EXPECT_EQ(explain_failure({notes, false, error}).why.code, at::error::no_common_parameters);
  notes.server_hello = true;
  EXPECT_EQ(explain_failure({notes, false, error}).why.code, at::error::alert_received);
}

TEST(alerts, insufficient_security_is_nothing_in_common) {
  callback_notes notes;
  notes.server_hello = true;
  for (const unsigned description : {70U, 71U, 120U}) {
    const engine_failure failure =
        explain_failure({notes, false, ERR_PACK(ERR_LIB_SSL, 0, SSL_AD_REASON_OFFSET + description)});
    EXPECT_EQ(failure.why.code, at::error::no_common_parameters);
    EXPECT_EQ(failure.alert, static_cast<int>(description));
  }
}

TEST(alerts, a_warning_sent_earlier_is_not_the_cause) {
  OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, nullptr);
  callback_notes notes;
  notes.alert_sent = alert{1, 100};
  const engine_failure failure = explain_failure({notes, false, ERR_PACK(ERR_LIB_SSL, 0, SSL_R_BAD_LENGTH)});
  EXPECT_EQ(failure.alert, -1);
  EXPECT_EQ(failure.why.code, at::error::internal);
  EXPECT_EQ(failure.why.text, "bad length");
}

TEST(alerts, of_two_bytes_only) {
  for (const bytes& content : {bytes{}, bytes{2}, bytes{2, 40, 0}}) EXPECT_FALSE(parse_alert(content));
  const auto seen = parse_alert(bytes{2, 40});
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->level, 2);
  EXPECT_EQ(seen->description, 40);
}

TEST(alerts, are_fatal_by_their_level_but_for_close_notify) {
  EXPECT_TRUE(is_fatal({2, 40}));
  EXPECT_FALSE(is_fatal({1, 40}));
  EXPECT_FALSE(is_fatal({2, 0}));
  EXPECT_FALSE(is_fatal({1, 0}));
}

}  // namespace
}  // namespace tlsmodem::tls

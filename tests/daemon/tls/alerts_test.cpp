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

struct stage_row {
  const char* name;
  void (*reach)(callback_notes& notes);
  bool psk_mode;
  const char* silence;
  const char* end;
};

constexpr stage_row stages[] = {
    {"nothing", [](callback_notes&) {}, false, "no answer at all from the server", ", after our ClientHello"},
    {"nothing_with_a_key_of_tls1_2", [](callback_notes&) {}, true, "no answer at all from the server",
     ", after our ClientHello"},
    {"nothing_with_a_key_of_tls1_3", [](callback_notes& n) { n.psk_in_hello = true; }, true,
     "no answer at all from the server", ", after our ClientHello; wrong pre-shared key or identity?"},
    {"something_else_than_dtls", [](callback_notes& n) { n.strays = stray_datagrams::no_dtls; }, true,
     "the server answers with something else than DTLS", ", after our ClientHello"},
    {"records_of_something_else", [](callback_notes& n) { n.strays = stray_datagrams::other_records; }, true,
     "the server answers with records that are not of this handshake", ", after our ClientHello"},
    {"warning",
     [](callback_notes& n) {
       n.server_answered = n.server_hello = true;
       n.alert_received = alert{1, 112};
     },
     false, "the server fell silent after its ServerHello; it had sent the alert unrecognized_name (112)",
     ", after its ServerHello"},
    {"hello_verify_request", [](callback_notes& n) { n.server_answered = true; }, true,
     "the server fell silent after its HelloVerifyRequest", ", after its HelloVerifyRequest"},
    {"server_hello", [](callback_notes& n) { n.server_answered = n.server_hello = n.psk_in_hello = true; },
     true, "the server fell silent after its ServerHello", ", after its ServerHello"},
    {"finished", [](callback_notes& n) { n.server_answered = n.server_hello = n.finished_sent = true; },
     false, "the server fell silent after our Finished", ", after our Finished"},
    {"finished_with_a_key",
     [](callback_notes& n) { n.server_answered = n.server_hello = n.finished_sent = true; }, true,
     "the server fell silent after our Finished; wrong pre-shared key or identity?",
     ", after our Finished; wrong pre-shared key or identity?"},
    {"finished_without_a_certificate",
     [](callback_notes& n) {
       n.server_answered = n.server_hello = n.finished_sent = true;
       n.own_certificate = certificate_answer::there_is_none;
     },
     false, "the server fell silent after our Finished; it asked for a client certificate, and there is none",
     ", after our Finished; it asked for a client certificate, and there is none"},
};

TEST(alerts, tell_how_far_a_handshake_came_that_goes_no_further) {
  for (const auto& row : stages) {
    SCOPED_TRACE(row.name);
    callback_notes notes;
    row.reach(notes);
    EXPECT_EQ(explain_silence(notes, row.psk_mode), row.silence);
    EXPECT_EQ(explain_end(notes, row.psk_mode), row.end);
    const auto failure = explain_timeout(notes, row.psk_mode);
    EXPECT_EQ(failure.why.code, at::error::handshake_timeout);
    EXPECT_EQ(failure.why.text, row.silence);
  }
}

// A server that asked and got none says so in many ways; what has nothing to do with it does not mention it.
TEST(alerts, of_servers_that_wanted_a_certificate_say_that_there_is_none) {
  for (const auto answer : {certificate_answer::there_is_none, certificate_answer::none_fits}) {
    callback_notes notes;
    notes.server_hello = true;
    notes.own_certificate = answer;
    for (unsigned description = 0; description < 256; ++description) {
      const auto failure =
          explain_failure({notes, false, ERR_PACK(ERR_LIB_SSL, 0, SSL_AD_REASON_OFFSET + description)});
      const bool is_hinted = failure.why.text.find("it asked for a client certificate") != std::string::npos;
      const bool may_be_it = description >= 40 && description <= 50 && description != 44 &&
                             description != 45 && description != 47;
      EXPECT_EQ(is_hinted, may_be_it || description == 116) << description;
    }
  }
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

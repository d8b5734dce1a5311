// Every way in which a connect can fail, each by its real cause: the event with its numbers and its text, the
// sentence of +CEER, the alerts in AT#TINFO, and the same socket connecting afterwards to a server that is
// well. The causes are in peer_failure_transport_test.cpp and peer_failure_tls_test.cpp.
#include "peer_failure_fixture.hpp"

namespace tlsmodem::test {

TEST_P(failing_connect, is_told_and_the_socket_connects_afterwards) {
  const auto& row = GetParam();
  configure(row.options);
  const int id = channel_.open();
  row.arrange(stage_);

  channel_.ok("AT#TCONN=" + std::to_string(id) + ",\"" + row.host + "\"," + std::to_string(peer_port));
  if (row.act) row.act(stage_);
  const auto event = channel_.event("#TFAIL");
  const auto fail = at::parse_fail(event.line);

  ASSERT_TRUE(fail) << event.line;
  EXPECT_EQ(fail->id, id);
  EXPECT_EQ(static_cast<int>(fail->code), row.code) << event.line;
  EXPECT_EQ(fail->alert, row.alert) << event.line;
  EXPECT_NE(fail->text.find(row.text), std::string::npos) << event.line;
  const std::string reason = "The connect to " + row.host + " failed: " + fail->text;
  EXPECT_EQ(sentence(), reason.ends_with('.') || reason.ends_with('?') ? reason : reason + ".");
  EXPECT_EQ(state_of(id), "\"closed\"");
  if (row.alert_in != "-1" || row.alert_out != "-1") {
    EXPECT_EQ(channel_.info(id, "alert_in"), row.alert_in);
    EXPECT_EQ(channel_.info(id, "alert_out"), row.alert_out);
  }

  stage_.clear();
  serve_well();
  const auto up = channel_.connect_up(id, row.good_host, peer_port);
  EXPECT_EQ(up.id, id);
  EXPECT_EQ(up.how, 0);
}

}  // namespace tlsmodem::test

// Every way in which a connect can fail, each by its real cause: the event with its numbers and its text, the
// sentence of +CEER, the alerts in AT#TINFO, and the same socket connecting afterwards to a server that is
// well. The causes are in peer_failure_transport_test.cpp and peer_failure_tls_test.cpp.
#include "peer_failure_fixture.hpp"

#include <optional>
#include <stdexcept>

namespace tlsmodem::test {

at::fail_event failing_connect::fail(int id) {
  const auto& row = GetParam();
  channel_.ok("AT#TCONN=" + std::to_string(id) + ",\"" + row.host + "\"," + std::to_string(peer_port));
  if (row.act) row.act(stage_);
  const auto event = channel_.event("#TFAIL");
  const auto made = at::parse_fail(event.line);
  if (!made) throw std::runtime_error(event.line);
  EXPECT_EQ(made->id, id);
  EXPECT_EQ(static_cast<int>(made->code), row.code) << event.line;
  EXPECT_EQ(made->alert, row.alert) << event.line;
  return *made;
}

TEST_P(failing_connect, is_told_and_the_socket_connects_afterwards) {
  const auto& row = GetParam();
  // A try with a limit of time may come less far than it should.
  const bool has_limit = row.code == static_cast<int>(at::error::handshake_timeout);
  configure(row.options);
  const int id = channel_.open();
  row.arrange(stage_);

  auto why = fail(id);
  const auto is_as_told = [&] { return why.text.find(row.text) != std::string::npos; };
  if (has_limit) eventually([&] { return is_as_told() || (why = fail(id), false); });
  EXPECT_TRUE(is_as_told()) << why.text;
  // The text names who it was about, the sentence does so in its own way.
  EXPECT_TRUE(why.text.starts_with(row.host)) << why.text;
  const std::string port = " port " + std::to_string(peer_port);
  const auto place = why.text.find(port + ": ");
  ASSERT_NE(place, std::string::npos) << why.text;
  const std::string reason = "The connect to " + why.text.substr(0, place) + port +
                             " failed: " + why.text.substr(place + port.size() + 2);
  EXPECT_EQ(sentence(), reason.ends_with('.') || reason.ends_with('?') ? reason : reason + ".");
  EXPECT_EQ(state_of(id), "\"closed\"");
  if (row.alert_in != "-1" || row.alert_out != "-1") {
    EXPECT_EQ(channel_.info(id, "alert_in"), row.alert_in);
    EXPECT_EQ(channel_.info(id, "alert_out"), row.alert_out);
  }

  std::optional<at::up_event> up;
  const auto connect = [&] {
    stage_.clear();  // s_server over UDP never lets go of who left it in the middle of a handshake
    serve_well();
    if (auto event = at::parse_up(channel_.connect(id, row.good_host, peer_port).line)) up = *event;
    return up.has_value();
  };
  ASSERT_TRUE(has_limit ? eventually(connect) : connect());
  EXPECT_EQ(up->id, id);
  EXPECT_EQ(up->how, 0);
}

}  // namespace tlsmodem::test

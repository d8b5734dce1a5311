// A modem that had more to tell than it could keep says #TLOST, and is asked how things stand.
#include "client_fixture.hpp"

namespace tlsmodem::test {
namespace {

const std::string lost = line("#TLOST: 3");

// What AT#TINFO answers.
rule snapshot(std::string_view state, const std::string& handle = a_handle) {
  std::string lines;
  for (const auto& text : {"\"state\",\"" + std::string(state) + "\"", std::string(R"("version","DTLSv1.2")"),
                           std::string(R"("suite","PSK")"), std::string(R"("how",1)"),
                           std::string(R"("remote","192.0.2.7",5684)"),
                           std::string(R"("local","198.51.100.9",40001)"), R"("handle",")" + handle + "\""})
    lines += line("#TINFO: 1," + text);
  return {"#TINFO", lines};
}

class lost_events : public ::testing::Test {
 protected:
  client::socket& start(table life) {
    modem_.emplace(std::vector<table>{std::move(life)});
    socket_.emplace(psk_over("dtls"), modem_->path());
    return *socket_;
  }
  client::socket& start_connected(rule told) {
    auto life = first_life();
    life.push_back(std::move(told));
    connect(start(std::move(life)));
    return *socket_;
  }
  scripted_modem& modem() { return *modem_; }

 private:
  std::optional<scripted_modem> modem_;
  std::optional<client::socket> socket_;
};

TEST_F(lost_events, among_which_was_the_end_are_told_as_the_end) {
  for (const auto* state : {"closed", "open"}) {
    auto& socket = start_connected(snapshot(state));
    modem().say(received("before") + lost);
    EXPECT_EQ(receive(socket), "before");
    EXPECT_EQ(receive(socket), "(803)") << state;
    EXPECT_FALSE(socket.is_connected());
    EXPECT_EQ(receive(socket), "(811)");
    EXPECT_FALSE(is_readable(socket.fd()));
  }
}

TEST_F(lost_events, of_a_socket_that_the_modem_does_not_have_any_more) {
  auto& socket = start_connected({"#TINFO", {}, 21});
  modem().say(lost);
  EXPECT_EQ(receive(socket), "(803)");
}

TEST_F(lost_events, among_which_was_a_handle_bring_the_newest) {
  auto& socket = start_connected(snapshot("connected", another_handle));
  modem().say(lost);
  EXPECT_EQ(receive(socket, at_once()), "(804)");
  EXPECT_TRUE(socket.is_connected());
  EXPECT_EQ(socket.handle(), another_handle);
  EXPECT_FALSE(is_readable(socket.fd()));
}

// What is still on its way comes before the end.
TEST_F(lost_events, of_a_socket_that_is_closing_leave_the_end_to_the_modem) {
  auto& socket = start_connected(snapshot("closing"));
  modem().say(lost);
  EXPECT_EQ(receive(socket, at_once()), "(804)");
  modem().say(received("last") +
              line(at::format(at::down_event{1, at::down_cause::peer_closed, -1, "Closed."})));
  EXPECT_EQ(receive(socket), "last");
  EXPECT_EQ(receive(socket), "(end)");
}

// Somebody who polls has to call, or the modem would never be asked.
TEST_F(lost_events, that_came_with_an_answer_make_the_descriptor_readable) {
  auto told = snapshot("closed");
  told.lines = lost + told.lines;
  auto& socket = start_connected(told);
  ASSERT_TRUE(socket.info(deadline()));
  EXPECT_TRUE(is_readable(socket.fd()));
  EXPECT_EQ(receive(socket), "(803)");
}

TEST_F(lost_events, among_which_was_the_outcome_of_a_connect) {
  {
    auto& socket = start({{"#TCONN", {}, 0, lost}, snapshot("connected")});
    const auto up = socket.connect(the_peer(), client::time_point::max());
    ASSERT_TRUE(up) << up.why().text;
    EXPECT_EQ(*up, (at::up_event{1, 1, "DTLSv1.2", "PSK", "192.0.2.7", 5684, "198.51.100.9", 40001}));
    EXPECT_EQ(socket.handle(), a_handle);
    EXPECT_TRUE(socket.is_connected());
  }
  {
    auto& socket = start({{"#TCONN", {}, 0, lost}, snapshot("closed")});
    EXPECT_EQ(socket.connect(the_peer(), client::time_point::max()).why().code, at::error::connection_reset);
    EXPECT_FALSE(socket.is_connected());
  }
  {
    auto connecting = snapshot("connecting");
    connecting.then = up(0);
    auto& socket = start({{"#TCONN", {}, 0, lost}, connecting});
    EXPECT_TRUE(socket.connect(the_peer(), client::time_point::max()));
  }
}

TEST_F(lost_events, among_which_was_the_outcome_of_a_new_handshake_leave_the_connection) {
  auto life = first_life();
  life.push_back({"#TREHS", {}, 0, lost});
  life.push_back(snapshot("connected"));
  auto& socket = start(life);
  connect(socket);
  EXPECT_EQ(socket.rehandshake(client::time_point::max()).why().code, at::error::connection_reset);
  EXPECT_TRUE(socket.is_connected());
}

TEST_F(lost_events, of_a_socket_that_is_not_connected_are_of_no_interest) {
  auto& socket = start_connected(snapshot("closed"));
  modem().say(line(at::format(at::down_event{1, at::down_cause::peer_closed, -1, "Closed."})) + lost);
  EXPECT_EQ(receive(socket), "(end)");
  EXPECT_EQ(receive(socket, at_once()), "(811)");
  EXPECT_FALSE(is_readable(socket.fd()));
}

}  // namespace
}  // namespace tlsmodem::test

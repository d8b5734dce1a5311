// A modem that goes away under a connected socket: the next one is asked to go on with the association, and
// the application notices nothing, or hears of it once.
#include "client_fixture.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

namespace tlsmodem::test {
namespace {

using words = std::vector<std::string>;

// A modem that has the association.
table next_life(const std::string& more = {}) {
  return {{"#TSESS?", listed(another_handle, "association") + listed(a_handle, "association")},
          {"#TCONN", {}, 0, up(2) + key(another_handle) + more},
          {"#TCFG=0,\"cid\"", {}, 4}};
}

class reattach : public ::testing::Test {
 protected:
  client::socket& start(std::vector<table> lives, std::string_view protocol = "dtls") {
    modem_.emplace(std::move(lives));
    socket_.emplace(psk_over(protocol), modem_->path());
    connect(*socket_);
    return *socket_;
  }
  scripted_modem& modem() { return *modem_; }
  // 803 once, then 811, and nothing left to poll for.
  static void expect_over(client::socket& socket, const std::string& what) {
    EXPECT_EQ(receive(socket), "(803)") << what;
    EXPECT_FALSE(socket.is_connected()) << what;
    EXPECT_EQ(receive(socket), "(811)") << what;
    EXPECT_EQ(socket.send(as_bytes("x"), deadline())->code, at::error::not_connected) << what;
    EXPECT_FALSE(is_readable(socket.fd())) << what;
  }

 private:
  std::optional<scripted_modem> modem_;
  std::optional<client::socket> socket_;
};

TEST_F(reattach, asks_first_and_brings_all_that_the_new_modem_needs) {
  auto& socket = start({first_life(), next_life("")});
  modem().hang_up();
  EXPECT_EQ(receive(socket, at_once()), "(804)");
  EXPECT_EQ(modem().commands(1),
            (words{"#TSESS?", "#TPROMPT=0", "#TCRED=0,1,3,6,1|secret", "#TCRED=0,1,4,6,1|device",
                   "#TCFG=0,\"reset\"", "#TCFG=0,\"cid\",\"\"", "#TCFG=0,\"proto\",\"dtls\"",
                   "#TCFG=0,\"psk\",\"1\"", "#TOPEN=0", "#TBIND=1,\"198.51.100.9\",40001",
                   "#TRESUME=1,\"" + a_handle + "\"", "#TCONN=1,\"coap.example\",5684,\"192.0.2.7\""}));
  EXPECT_TRUE(socket.is_connected());
}

TEST_F(reattach, receive_goes_on) {
  auto& socket = start({first_life(), next_life(received("after"))});
  modem().hang_up();
  EXPECT_EQ(receive(socket), "after");
  modem().say(received("more"));
  EXPECT_EQ(receive(socket), "more");
  EXPECT_EQ(socket.handle(), another_handle);
  EXPECT_EQ(modem().channels(), 2U);
}

TEST_F(reattach, receive_goes_on_after_a_modem_that_said_that_it_stops) {
  auto& socket = start({first_life(), next_life(received("after"))});
  modem().say(stopping());
  modem().hang_up();
  EXPECT_EQ(receive(socket), "after");
  EXPECT_TRUE(socket.is_connected());
}

TEST_F(reattach, a_modem_that_stops_is_used_until_its_channel_ends) {
  auto& socket = start({first_life(), next_life()});
  modem().say(stopping());
  EXPECT_EQ(receive(socket, at_once()), "(804)");
  EXPECT_TRUE(socket.is_connected());
  modem().say(received("last"));
  modem().hang_up();
  EXPECT_EQ(receive(socket), "last");
  EXPECT_EQ(receive(socket, at_once()), "(804)");
  EXPECT_EQ(modem().channels(), 2U);
}

TEST_F(reattach, a_send_that_met_the_dead_channel_is_repeated) {
  auto& socket = start({first_life(), next_life()});
  modem().hang_up();
  ASSERT_FALSE(socket.send(as_bytes("hello"), deadline()));
  EXPECT_TRUE(modem().hears(1, "#TSEND=1,5,1|hello"));
  for (const auto& command : modem().commands(0)) EXPECT_FALSE(command.starts_with("#TSEND")) << command;
  ASSERT_FALSE(socket.send(as_bytes("again"), deadline()));
  EXPECT_TRUE(modem().hears(1, "#TSEND=1,5,1|again"));
}

TEST_F(reattach, what_was_received_before_the_death_comes_first) {
  auto& socket = start({first_life(), next_life(received("late"))});
  modem().say(received("early") + received("later"));
  modem().hang_up();
  for (const auto* expected : {"early", "later", "late"}) EXPECT_EQ(receive(socket), expected);
}

TEST_F(reattach, what_was_received_before_comes_first_also_when_send_finds_out) {
  auto& socket = start({first_life(), next_life(received("late"))});
  modem().say(received("early") + received("later"));
  modem().hang_up();
  ASSERT_FALSE(socket.send(as_bytes("hello"), deadline()));
  EXPECT_TRUE(is_readable(socket.fd()));
  for (const auto* expected : {"early", "later", "late"}) EXPECT_EQ(receive(socket, at_once()), expected);
  EXPECT_FALSE(is_readable(socket.fd()));
}

TEST_F(reattach, a_handle_that_came_last_is_the_one_also_when_send_finds_out) {
  auto second = next_life();
  second.front().lines = listed(another_handle, "association");
  auto& socket = start({first_life(), second});
  modem().say(key(another_handle));
  modem().hang_up();
  EXPECT_FALSE(socket.send(as_bytes("hello"), deadline()));
  EXPECT_EQ(std::ranges::count(modem().commands(1), "#TRESUME=1,\"" + another_handle + "\""), 1);
}

// What the peer has ended nobody can go on with.
TEST_F(reattach, an_end_that_came_last_is_the_end_also_when_send_finds_out) {
  auto& socket = start({first_life(), next_life()});
  modem().say(line(at::format(at::down_event{1, at::down_cause::peer_closed, -1, "Closed."})));
  modem().hang_up();
  EXPECT_TRUE(socket.send(as_bytes("hello"), deadline()));
  EXPECT_EQ(modem().channels(), 1U);
  EXPECT_EQ(receive(socket, at_once()), "(end)");
}

TEST_F(reattach, what_was_taken_from_the_channel_before_comes_first) {
  auto& socket = start({first_life(), next_life(received("late"))});
  modem().say(received("early"));
  ASSERT_TRUE(socket.info(deadline()));  // its answer comes behind the data
  EXPECT_TRUE(socket.has_buffered_data());
  modem().hang_up();
  ASSERT_FALSE(socket.send(as_bytes("hello"), deadline()));
  for (const auto* expected : {"early", "late"}) EXPECT_EQ(receive(socket, at_once()), expected);
  EXPECT_FALSE(is_readable(socket.fd()));
}

TEST_F(reattach, the_descriptor_stays_and_is_readable_for_data_only) {
  auto& socket = start({first_life(), next_life()});
  const int fd = socket.fd();
  EXPECT_FALSE(is_readable(fd));
  modem().hang_up();
  EXPECT_TRUE(is_readable(fd)) << "somebody has to look";
  EXPECT_EQ(receive(socket, at_once()), "(804)");
  EXPECT_EQ(socket.fd(), fd);
  EXPECT_FALSE(is_readable(fd));
  modem().say(received("data"));
  EXPECT_TRUE(is_readable(fd));
  EXPECT_EQ(receive(socket), "data");
  EXPECT_FALSE(is_readable(fd));
}

TEST_F(reattach, as_often_as_it_is_needed) {
  auto second = next_life();
  second.front().lines = listed(another_handle, "association");
  auto& socket = start({first_life(), next_life(), second});
  for (const std::size_t channels : {2U, 3U, 4U}) {
    modem().hang_up();
    ASSERT_FALSE(socket.send(as_bytes("hello"), deadline()));
    EXPECT_TRUE(modem().hears(channels - 1, "#TSEND=1,5,1|hello"));
    EXPECT_EQ(receive(socket, at_once()), "(804)");
    EXPECT_EQ(modem().channels(), channels);
  }
}

// Under a connection ID the peer finds the client wherever it is now.
TEST_F(reattach, from_another_address_when_the_former_one_is_gone) {
  const table address_gone{{"#TSESS?", listed(a_handle, "association")}, {"#TBIND", {}, 50}};
  const table then{{"#TSESS?", listed(a_handle, "association")},
                   {"#TCONN", {}, 0, up(2) + received("after")}};
  auto& socket = start({first_life(), address_gone, then});
  modem().hang_up();
  EXPECT_EQ(receive(socket), "after");
  for (const auto& command : modem().commands(2)) EXPECT_FALSE(command.starts_with("#TBIND")) << command;

  auto without_id = psk_over("dtls");
  without_id.options.pop_back();
  scripted_modem other({first_life(), address_gone, then});
  client::socket fixed(without_id, other.path());
  connect(fixed);
  other.hang_up();
  expect_over(fixed, "the peer knows it by its address");
  EXPECT_EQ(other.channels(), 2U);
}

// Whatever ends a channel before its answer is no answer: the old process, which takes a while to end, or the
// next one that dies too. Each step of going on is such a place, however many there are.
TEST_F(reattach, goes_on_wherever_the_next_modem_dies) {
  using enum last_words;
  const auto life = next_life(received("after"));
  for (const auto after : {unread, none, half_answer, answer, half_event})
    for (const bool is_sending : {false, true})
      for (std::size_t step = 0;; ++step) {
        const auto where = "step " + std::to_string(step) + ", " + std::to_string(static_cast<int>(after)) +
                           (is_sending ? ", send" : ", receive");
        scripted_modem modem({first_life(), life, life});
        modem.die({1, step, after});
        client::socket socket(psk_over("dtls"), modem.path());
        connect(socket);
        const int fd = socket.fd();
        modem.hang_up();
        if (is_sending) {
          ASSERT_FALSE(socket.send(as_bytes("hello"), deadline())) << where;
          EXPECT_TRUE(modem.hears(modem.channels() - 1, "#TSEND=1,5,1|hello")) << where;
        }
        ASSERT_EQ(receive(socket), "after") << where;
        EXPECT_TRUE(socket.is_connected()) << where;
        EXPECT_EQ(socket.fd(), fd) << where;
        // It died later than that, or not at all.
        if (modem.channels() == 2) {
          EXPECT_EQ(step, 8U) << "lines that a continuation takes";
          break;
        }
        EXPECT_FALSE(is_readable(fd)) << where;
        if (after == unread) break;
      }
}

// A new channel may be refused, or a socket on it, until the modem has noticed that others have ended.
TEST_F(reattach, a_modem_that_is_too_busy_is_asked_again) {
  const auto listing = listed(a_handle, "association");
  const auto aborted = line(at::format(at::fail_event{1, at::error::aborted, -1, "The daemon is stopping."}));
  const auto no_thread = line(at::format(at::fail_event{1, at::error::limit_reached, -1, "Too many names."}));
  const table lives[] = {{{"#TSESS?", {}, 815}},
                         {{"#TSESS?", listing}, {"#TCFG=0,\"psk\"", {}, 815}},
                         {{"#TSESS?", listing}, {"#TBIND", {}, 815}},
                         {{"#TSESS?", listing}, {"#TCONN", {}, 815}},
                         {{"#TSESS?", listing}, {"#TCONN", {}, 0, no_thread}},
                         {{"#TSESS?", listing}, {"#TCONN", {}, 0, aborted}}};
  for (const auto& busy : lives) {
    auto& socket = start({first_life(), busy, next_life(received("after"))});
    modem().hang_up();
    EXPECT_EQ(receive(socket), "after") << &busy - lives;
    EXPECT_EQ(modem().channels(), 3U) << &busy - lives;
  }
  auto& socket = start({first_life(), next_life(received("after"))});
  modem().refuse_channels(3);
  modem().hang_up();
  EXPECT_EQ(receive(socket), "after");
}

// A modem that has the association says so on the channel on which it is to go on.
TEST_F(reattach, asks_each_modem_anew) {
  const table dying{{"#TSESS?", listed(a_handle, "association")}, {"#TPROMPT", {}, 0, {}, true}};
  auto& socket = start({first_life(), dying, {{"#TCONN", {}, 0, up(0)}}});
  modem().hang_up();
  expect_over(socket, "the one after it has no such association");
  for (const auto& command : modem().commands(2)) EXPECT_FALSE(command.starts_with("#TCONN")) << command;
}

TEST_F(reattach, also_when_a_command_finds_out) {
  auto second = next_life(received("after"));
  second.push_back({"#TINFO", line("#TINFO: 1,\"inner_mtu\",1171")});
  second.push_back({"#TREHS", {}, 0, up(1)});
  {
    auto& socket = start({first_life(), second});
    modem().hang_up();
    const auto info = socket.info(deadline());
    ASSERT_TRUE(info);
    EXPECT_EQ(info->at("inner_mtu"), "1171");
    EXPECT_EQ(receive(socket), "after");
  }
  {
    auto& socket = start({first_life(), second});
    modem().hang_up();
    const auto anew = socket.rehandshake(deadline());
    ASSERT_TRUE(anew);
    EXPECT_EQ(anew->how, 1);
  }
  auto& socket = start({first_life(), {}});
  modem().hang_up();
  EXPECT_FALSE(socket.info(deadline()));
  EXPECT_TRUE(is_readable(socket.fd())) << "who did not look at the answer has to hear of it";
  expect_over(socket, "info");
}

// Whether the new handshake took place is not known; the modem has one association or the other.
TEST_F(reattach, a_modem_that_dies_over_a_new_handshake_leaves_the_connection) {
  auto life = first_life();
  life.push_back({"#TREHS", {}, 0, {}, true});
  auto& socket = start({life, next_life(received("after"))});
  const auto anew = socket.rehandshake(deadline());
  ASSERT_FALSE(anew);
  EXPECT_EQ(anew.why().code, at::error::connection_reset);
  EXPECT_TRUE(socket.is_connected());
  EXPECT_EQ(receive(socket), "after");
}

// A process that was forked holds the channel's descriptor, and the epoll would see it for ever.
TEST_F(reattach, leaves_nothing_to_poll_for_in_a_process_that_has_forked) {
  auto& socket = start({first_life(), next_life()});
  const pid_t child = ::fork();
  if (child == 0)
    for (;;) ::pause();
  modem().hang_up();
  EXPECT_EQ(receive(socket, at_once()), "(804)");
  EXPECT_FALSE(is_readable(socket.fd()));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_F(reattach, a_modem_that_goes_on_with_something_else_ends_the_connection) {
  const auto life = [](const std::string& list, rule connect) {
    return table{{"#TSESS?", list}, std::move(connect)};
  };
  const auto listing = listed(a_handle, "association");
  const auto failing =
      line(at::format(at::fail_event{1, at::error::handshake_timeout, -1, "Nobody answers."}));
  const struct {
    const char* what;
    table second;
    bool connects;
  } rows[] = {
      {"a full handshake", life(listing, {"#TCONN", {}, 0, up(0)}), true},
      {"a resumed session", life(listing, {"#TCONN", {}, 0, up(1)}), true},
      {"a peer that is silent", life(listing, {"#TCONN", {}, 0, failing}), true},
      {"a refused connect", life(listing, {"#TCONN", {}, 3}), true},
      {"a refused handle", life(listing, {"#TRESUME", {}, 22}), true},
      {"a port in use", life(listing, {"#TBIND", {}, 821}), false},
      {"a refused option", life(listing, {"#TCFG=0,\"psk\"", {}, 4}), false},
      {"a refused credential", life(listing, {"#TCRED", {}, 810}), false},
      {"a session id", life(listed(a_handle, "id"), {"#TCONN", {}, 0, up(2)}), false},
      {"a ticket", life(listed(a_handle, "ticket"), {"#TCONN", {}, 0, up(2)}), false},
      {"somebody else's", life(listed(another_handle, "association"), {"#TCONN", {}, 0, up(2)}), false},
      {"no sessions", life({}, {"#TCONN", {}, 0, up(2)}), false},
      {"no such command", table{{"#TSESS?", {}, 4}}, false},
      {"a list out of step", life(line("#TSESS: \"" + a_handle + "\""), {"#TCONN", {}, 0, up(2)}), false},
  };
  for (const auto& row : rows) {
    auto& socket = start({first_life(), row.second});
    const int fd = socket.fd();
    modem().hang_up();
    expect_over(socket, row.what);
    EXPECT_EQ(socket.fd(), fd) << row.what;
    EXPECT_EQ(modem().channels(), 2U) << row.what;
    bool has_connected = false;
    for (const auto& command : modem().commands(1))
      has_connected = has_connected || command.starts_with("#TCONN") || command.starts_with("#TRESUME");
    EXPECT_EQ(has_connected, row.connects) << row.what << ": a handshake in vain is worse than none";
  }
}

TEST_F(reattach, a_send_in_vain_is_told_and_then_it_is_not_connected) {
  auto& socket = start({first_life(), {}});
  modem().hang_up();
  const auto wrong = socket.send(as_bytes("hello"), deadline());
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->code, at::error::connection_reset);
  EXPECT_EQ(receive(socket), "(811)");
}

TEST_F(reattach, a_socket_that_could_not_go_on_can_connect_anew) {
  auto& socket = start({first_life(), {}, first_life()});
  const int fd = socket.fd();
  modem().hang_up();
  EXPECT_EQ(receive(socket), "(803)");
  ASSERT_TRUE(socket.connect(the_peer(a_handle), deadline()));
  EXPECT_EQ(socket.fd(), fd);
  EXPECT_TRUE(modem().hears(2, "#TRESUME=1,\"" + a_handle));
}

TEST_F(reattach, is_nothing_for_what_has_no_association) {
  for (const auto* protocol : {"tls", "tcp", "udp"})
    for (const bool is_told : {false, true}) {
      auto& socket = start({first_life(), next_life()}, protocol);
      if (is_told) modem().say(stopping());
      modem().hang_up();
      expect_over(socket, protocol);
      EXPECT_EQ(modem().channels(), 1U) << protocol;
    }
}

TEST_F(reattach, is_nothing_without_a_handle) {
  auto& socket = start({{{"#TCONN", {}, 0, up(0)}}, next_life()});
  modem().hang_up();
  expect_over(socket, "no handle");
  EXPECT_EQ(modem().channels(), 1U);
}

TEST_F(reattach, is_nothing_for_a_socket_that_is_closed) {
  auto& socket = start({first_life(), next_life()});
  socket.close(true, deadline());
  modem().hang_up();
  EXPECT_EQ(receive(socket), "(811)");
  EXPECT_FALSE(is_readable(socket.fd()));
  EXPECT_EQ(modem().channels(), 1U);
}

TEST_F(reattach, stream_data_from_before_the_death_is_still_delivered) {
  auto& socket = start({first_life()}, "tls");
  modem().say(received("early"));
  modem().hang_up();
  EXPECT_EQ(receive(socket), "early");
  expect_over(socket, "tls");
}

TEST_F(reattach, stream_data_from_before_the_death_is_still_delivered_when_send_finds_out) {
  auto& socket = start({first_life()}, "tls");
  modem().say(received("early"));
  modem().hang_up();
  EXPECT_EQ(socket.send(as_bytes("hello"), deadline())->code, at::error::connection_reset);
  EXPECT_TRUE(is_readable(socket.fd()));
  EXPECT_EQ(receive(socket, at_once()), "early");
  EXPECT_EQ(receive(socket, at_once()), "(811)");
  EXPECT_FALSE(is_readable(socket.fd()));
}

}  // namespace
}  // namespace tlsmodem::test

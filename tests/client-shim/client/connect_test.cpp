// What a connect says to the modem, in which order and how much of it before it waits, and what it makes of
// refusals.
#include "client_fixture.hpp"

#include <thread>

namespace tlsmodem::test {
namespace {

using words = std::vector<std::string>;

const words setup = {
    "#TPROMPT=0",           "#TCRED=0,1,3,6,1|secret",    "#TCRED=0,1,4,6,1|device", "#TCFG=0,\"reset\"",
    "#TCFG=0,\"cid\",\"\"", "#TCFG=0,\"proto\",\"dtls\"", "#TCFG=0,\"psk\",\"1\"",   "#TOPEN=0"};

words with(words all, const words& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

const std::string resume = "#TRESUME=1,\"" + a_handle + "\"";
const std::string connect_command = "#TCONN=1,\"coap.example\",5684";

TEST(client_connect, goes_out_whole_before_anything_is_answered) {
  scripted_modem modem({first_life()});
  modem.hold_answers_until("#TCONN");
  client::socket socket(psk_over("dtls"), modem.path());
  ASSERT_TRUE(socket.connect(the_peer(a_handle), deadline()));
  EXPECT_EQ(modem.commands(0), with(setup, {resume, connect_command}));
}

TEST(client_connect, of_a_socket_that_was_checked_needs_no_second_one) {
  scripted_modem modem({first_life()});
  client::socket socket(psk_over("dtls"), modem.path());
  ASSERT_FALSE(socket.open(deadline()));
  EXPECT_EQ(modem.commands(0), setup);
  ASSERT_TRUE(socket.connect(the_peer(), deadline()));
  EXPECT_EQ(modem.commands(0), with(setup, {connect_command}));
}

TEST(client_connect, behind_a_close_sends_no_credential_again) {
  scripted_modem modem({first_life()});
  client::socket socket(psk_over("dtls"), modem.path());
  connect(socket);
  socket.close(true, deadline());
  ASSERT_TRUE(socket.connect(the_peer(), deadline()));
  EXPECT_EQ(modem.commands(0), with(setup, {connect_command, "#TCLOSE=1,1", "#TOPEN=0", connect_command}));
  EXPECT_EQ(modem.channels(), 1U);
}

TEST(client_connect, takes_options_that_changed_since_the_socket_was_opened) {
  const auto changed = [] {
    auto options = psk_over("dtls").options;
    options.push_back({"dscp", {number(46)}});
    return options;
  };
  const words anew = {"#TCLOSE=1,1",
                      "#TCFG=0,\"reset\"",
                      "#TCFG=0,\"cid\",\"\"",
                      "#TCFG=0,\"proto\",\"dtls\"",
                      "#TCFG=0,\"psk\",\"1\"",
                      "#TCFG=0,\"dscp\",46",
                      "#TOPEN=0"};
  {
    scripted_modem modem({first_life()});
    client::socket socket(psk_over("dtls"), modem.path());
    ASSERT_FALSE(socket.open(deadline()));
    socket.set_options(changed());
    ASSERT_TRUE(socket.connect(the_peer(), deadline()));
    EXPECT_EQ(modem.commands(0), with(with(setup, anew), {connect_command}));
  }
  {
    const std::string bind_command = "#TBIND=1,\"127.0.0.1\",4000";
    scripted_modem modem({first_life()});
    client::socket socket(psk_over("dtls"), modem.path());
    ASSERT_FALSE(socket.bind("127.0.0.1", 4000, deadline()));
    socket.set_options(changed());
    ASSERT_TRUE(socket.connect(the_peer(), deadline()));
    EXPECT_EQ(modem.commands(0),
              with(with(with(setup, {bind_command}), anew), {bind_command, connect_command}));
  }
}

TEST(client_connect, an_optional_option_that_the_modem_lacks_costs_nothing) {
  auto life = first_life();
  life.push_back({"#TCFG=0,\"cid\"", {}, 4});
  scripted_modem modem({life});
  client::socket socket(psk_over("dtls"), modem.path());
  ASSERT_TRUE(socket.connect(the_peer(), deadline()));
  EXPECT_EQ(socket.refused_part(), client::refused::nothing);
  EXPECT_EQ(modem.channels(), 1U);
}

TEST(client_connect, a_refusal_tells_its_part_and_opens_no_socket) {
  const struct {
    const char* command;
    int error;
    client::refused part;
  } rows[] = {
      {"#TCFG=0,\"psk\"", 4, client::refused::socket},  // in one line with the open, which must not happen
      {"#TPROMPT", 4, client::refused::settings},
      {"#TCFG=0,\"reset\"", 50, client::refused::settings},
      {"#TCRED=0,1,3", 810, client::refused::credential},
      {"#TCRED=0,1,4", 20, client::refused::credential},
      {"#TOPEN", 809, client::refused::socket},
      {"#TRESUME", 50, client::refused::socket},
      {"#TCONN", 815, client::refused::socket},
  };
  for (const auto& row : rows) {
    auto life = first_life();
    life.insert(life.begin(), {row.command, {}, row.error});
    scripted_modem modem({life, first_life()});
    client::socket socket(psk_over("dtls"), modem.path());
    const auto done = socket.connect(the_peer(a_handle), deadline());
    ASSERT_FALSE(done) << row.command;
    EXPECT_EQ(static_cast<int>(done.why().code), row.error) << row.command;
    EXPECT_EQ(static_cast<int>(socket.refused_part()), static_cast<int>(row.part)) << row.command;
    EXPECT_FALSE(socket.is_connected()) << row.command;
    EXPECT_FALSE(is_readable(socket.fd())) << row.command;
    // It can be tried again, from the beginning.
    ASSERT_TRUE(socket.connect(the_peer(), deadline())) << row.command;
    EXPECT_EQ(socket.refused_part(), client::refused::nothing) << row.command;
    EXPECT_EQ(modem.commands(1), with(setup, {connect_command})) << row.command;
  }
}

// A socket must not be opened, let alone connected, with less than was asked for.
TEST(client_connect, a_refused_option_connects_nothing) {
  auto life = first_life();
  life.push_back({"#TCFG=0,\"psk\"", {}, 4});
  scripted_modem modem({life});
  client::socket socket(psk_over("dtls"), modem.path());
  const auto done = socket.connect(the_peer(), deadline());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.why().code, at::error::not_supported);
  EXPECT_NE(socket.refused_part(), client::refused::nothing);
  for (const auto& command : modem.commands(0)) {
    EXPECT_FALSE(command.starts_with("#TOPEN")) << command;
    EXPECT_FALSE(command.starts_with("#TCONN")) << command;
  }
}

TEST(client_connect, a_failed_one_tells_what_the_modem_told) {
  const auto failed =
      line(at::format(at::fail_event{1, at::error::certificate_refused, 48, "Nobody vouches for it."}));
  scripted_modem modem({{{"#TCONN", {}, 0, failed}}});
  client::socket socket(psk_over("dtls"), modem.path());
  const auto done = socket.connect(the_peer(), deadline());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.why().code, at::error::certificate_refused);
  EXPECT_EQ(done.why().text, "Nobody vouches for it.");
  EXPECT_EQ(socket.alert(), 48);
  EXPECT_EQ(socket.refused_part(), client::refused::nothing);
  EXPECT_EQ(receive(socket), "(811)");
}

// What needs no network is said again to the next modem, wherever this one died.
TEST(client_connect, is_repeated_when_the_modem_dies_before_it_has_taken_it) {
  using enum last_words;
  for (const auto after : {unread, none, half_answer, answer})
    for (std::size_t step = 0;; ++step) {
      const auto where = "step " + std::to_string(step) + ", " + std::to_string(static_cast<int>(after));
      scripted_modem modem({first_life()});
      modem.die({0, step, after});
      client::socket socket(psk_over("dtls"), modem.path());
      const bool is_last = step == setup.size() - 3;  // some of its commands share lines
      const auto done = socket.connect(the_peer(), deadline());
      if (is_last && after == answer) {
        EXPECT_FALSE(done) << "a handshake that has begun is not repeated";
        break;
      }
      ASSERT_TRUE(done) << where << ": " << done.why().text;
      EXPECT_EQ(modem.commands(modem.channels() - 1), with(setup, {connect_command})) << where;
      EXPECT_EQ(modem.channels(), modem.has_died() ? 2U : 1U) << where;
      if (after == unread || !modem.has_died()) break;
    }
}

TEST(client_connect, a_modem_that_dies_over_the_handshake_is_an_error_and_the_next_is_asked) {
  scripted_modem modem({{{"#TCONN", {}, 0, {}, true}}, first_life()});
  client::socket socket(psk_over("dtls"), modem.path());
  const auto done = socket.connect(the_peer(), deadline());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.why().code, at::error::connection_reset);
  EXPECT_EQ(modem.channels(), 1U);
  EXPECT_TRUE(socket.connect(the_peer(), deadline()));
}

// A device that slept while its modem restarted.
TEST(client_connect, over_a_channel_that_has_died_meanwhile_opens_another) {
  const std::string bind_command = "#TBIND=1,\"127.0.0.1\",4000";
  {
    scripted_modem modem({first_life()});
    client::socket socket(psk_over("dtls"), modem.path());
    connect(socket);
    socket.close(true, deadline());
    modem.hang_up();
    ASSERT_FALSE(socket.bind("127.0.0.1", 4000, deadline()));
    ASSERT_TRUE(socket.connect(the_peer(), deadline()));
    EXPECT_EQ(modem.commands(1), with(setup, {bind_command, connect_command}));
  }
  {
    scripted_modem modem({first_life()});
    client::socket socket(psk_over("dtls"), modem.path());
    ASSERT_FALSE(socket.bind("127.0.0.1", 4000, deadline()));
    modem.hang_up();
    ASSERT_TRUE(socket.connect(the_peer(), deadline()));
    EXPECT_EQ(modem.commands(1), with(setup, {bind_command, connect_command})) << "from where it was bound";
  }
}

TEST(client_connect, a_modem_that_has_too_many_channels_is_asked_again) {
  scripted_modem modem({first_life()});
  modem.refuse_channels(3);
  client::socket socket(psk_over("dtls"), modem.path());
  ASSERT_TRUE(socket.connect(the_peer(), deadline()));
  modem.hang_up();
  modem.refuse_channels(1000000);
  client::socket other(psk_over("dtls"), modem.path());
  EXPECT_EQ(other.open(deadline())->code, at::error::limit_reached);
  EXPECT_EQ(other.refused_part(), client::refused::nothing) << "of what was asked for";
  const auto done = other.connect(the_peer(), at_once() + std::chrono::milliseconds(100));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.why().code, at::error::limit_reached);
}

// Between the end of one and the start of the next no one listens, or there is no path.
TEST(client_connect, waits_for_a_modem_that_is_not_there_yet) {
  for (int round = 0; round < 10; ++round) {
    const temporary_directory directory;
    const auto path = directory.path("at.sock");
    client::socket socket(psk_over("dtls"), path);
    std::optional<scripted_modem> modem;
    EXPECT_EQ(socket.open(deadline())->code, at::error::unreachable) << "a check does not wait";
    std::thread late([&] { modem.emplace(std::vector<table>{first_life()}, path); });
    const auto done = socket.connect(the_peer(), deadline());
    late.join();
    EXPECT_TRUE(done) << done.why().text;
  }
}

// An answer that came too late is not that of the next command.
TEST(client_connect, a_late_answer_is_skipped) {
  auto life = first_life();
  life.push_back({"#TINFO", line("#TINFO: 1,\"mtu\",1472")});
  life.push_back({"#TREHS", {}, 3});
  scripted_modem modem({life});
  client::socket socket(psk_over("dtls"), modem.path());
  connect(socket);
  modem.hold_answers_until("#TREHS");
  EXPECT_EQ(socket.info(at_once()).why().code, at::error::handshake_timeout);
  EXPECT_EQ(socket.rehandshake(deadline()).why().code, at::error::not_allowed);
  EXPECT_TRUE(socket.is_connected());
}

TEST(client_connect, with_options_that_fit_no_line_sends_each_in_its_own) {
  scripted_modem modem({first_life()});
  auto config = psk_over("dtls");
  for (int i = 0; i < 40; ++i) config.options.push_back({"dane", {text("3 1 1 " + std::string(128, 'A'))}});
  client::socket socket(std::move(config), modem.path());
  EXPECT_TRUE(socket.connect(the_peer(), deadline()));
  int records = 0;
  for (const auto& command : modem.commands(0))
    records += command.find("\"dane\"") != std::string::npos ? 1 : 0;
  EXPECT_EQ(records, 40);
}

TEST(client_connect, with_an_option_that_fits_no_line_fails_before_anything_is_opened) {
  scripted_modem modem({first_life()});
  auto config = psk_over("dtls");
  config.options.push_back({"dane", {text("3 0 0 " + std::string(5000, 'A'))}});
  client::socket socket(std::move(config), modem.path());
  const auto done = socket.connect(the_peer(), deadline());
  ASSERT_FALSE(done);
  EXPECT_EQ(done.why().code, at::error::string_too_long);
  EXPECT_EQ(socket.refused_part(), client::refused::settings);
  for (const auto& command : modem.commands(0))
    EXPECT_EQ(command.find("TOPEN"), std::string::npos) << command;
}

}  // namespace
}  // namespace tlsmodem::test

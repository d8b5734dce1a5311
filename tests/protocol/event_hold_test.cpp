// Events are whole frames: never inside an echo, a response or a payload, never between a command line and
// its result code. They wait in a bounded queue.
#include "protocol/limits.hpp"
#include "scripted_handler.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::at::test {
namespace {

const std::string ok = "\r\nOK\r\n";
const std::string ready = "\r\n#TRDY: 0,1\r\n";

class event_hold : public testing::Test {
 protected:
  explicit event_hold(initial_echo echo = initial_echo::off) : server(handler, echo) {
    handler.server = &server;
  }
  std::string taken() {
    std::string all;
    while (server.has_output()) {
      std::string out;
      server.take_output(out);
      all += out;
    }
    return all;
  }
  void post_one() { server.post("#TRDY: 0,1"); }
  void fill_output() {
    server.deliver("#TRX: 0," + std::to_string(output_high_water_bytes),
                   bytes(output_high_water_bytes, std::uint8_t{'x'}));
  }

  scripted_handler handler;
  at_server server;
};

class event_hold_with_echo : public event_hold {
 protected:
  event_hold_with_echo() : event_hold(initial_echo::on) {}
};

TEST_F(event_hold, an_idle_channel_sends_at_once) {
  post_one();
  EXPECT_EQ(taken(), ready);
}

TEST_F(event_hold, v0_has_no_leading_line_end) {
  server.receive("ATV0\r");
  EXPECT_EQ(taken(), "0\r");
  post_one();
  server.deliver("#TRX: 0,2", as_bytes("ab"));
  EXPECT_EQ(taken(), "#TRDY: 0,1\r\n#TRX: 0,2\r\nab\r\n");
}

TEST_F(event_hold, a_frame_is_a_line_the_bytes_and_a_line_end) {
  ASSERT_TRUE(server.can_deliver());
  server.deliver("#TRX: 0,4", as_bytes("\r\n\r\n"));
  EXPECT_EQ(taken(), "\r\n#TRX: 0,4\r\n\r\n\r\n\r\n");
}

TEST_F(event_hold, what_a_handler_posts_comes_behind_the_result) {
  server.receive("AT#TCLOSE=5\rAT\r");
  EXPECT_EQ(taken(), ok + "\r\n#TRDY: 5,1\r\n\r\n#TRDY: 5,2\r\n" + ok);
}

TEST_F(event_hold, what_a_handler_posts_in_mid_line_comes_behind_the_line) {
  server.receive("AT#TCLOSE=5;#TOPEN=1\r");
  EXPECT_EQ(taken(), "\r\n#TOPEN: 1\r\n" + ok + "\r\n#TRDY: 5,1\r\n\r\n#TRDY: 5,2\r\n");
}

TEST_F(event_hold, held_between_prompt_and_payload) {
  server.receive("AT#TSEND=0,4\r");
  post_one();
  EXPECT_FALSE(server.can_deliver());
  EXPECT_EQ(taken(), "> ");
  server.receive("abc");
  EXPECT_EQ(taken(), "");
  server.receive("d");
  EXPECT_EQ(taken(), ok + ready);
}

TEST_F(event_hold, held_while_a_command_is_pending) {
  server.receive("AT#TCLOSE=2\rAT#TCLOSE=2\r");
  post_one();
  EXPECT_FALSE(server.can_deliver());
  EXPECT_EQ(taken(), "");
  server.complete(outcome::done());
  EXPECT_EQ(taken(), ok + ready);
  EXPECT_TRUE(server.is_command_pending());
  server.complete(outcome::failed({error::aborted, "Aborted."}));
  EXPECT_EQ(taken(), "\r\n+CME ERROR: 817\r\n");
}

TEST_F(event_hold, a_turn_that_is_over_loses_nothing) {
  bool is_over = true;
  server.limit_turn([&] { return is_over; });
  server.receive("AT+CMEE?;+CMEE?\rAT\r");
  EXPECT_TRUE(server.is_paused());
  post_one();
  std::string all = taken();
  EXPECT_EQ(all.find(ok), std::string::npos) << "a turn ends behind a command, not behind a line";
  for (int turns = 0; server.is_paused(); ++turns) {
    ASSERT_LT(turns, 10);
    server.resume();
    all += taken();
  }
  EXPECT_EQ(all, "\r\n+CMEE: 1\r\n\r\n+CMEE: 1\r\n" + ok + ready + ok);
  is_over = false;
  server.receive("AT\rAT\r");
  EXPECT_FALSE(server.is_paused());
  EXPECT_EQ(taken(), ok + ok);
}

TEST_F(event_hold, held_until_behind_the_answer_of_a_pending_command) {
  server.receive("AT#TCLOSE=2\r");
  post_one();
  server.answer_pending("#TCRED: 7,3", as_bytes("csr"));
  server.complete(outcome::done());
  EXPECT_EQ(taken(), "\r\n#TCRED: 7,3\r\ncsr\r\n" + ok + ready);
}

TEST_F(event_hold, passes_while_a_silent_command_is_pending) {
  server.receive("AT#TSEND=3,1,1\rxAT#TOPEN=1\r");
  ASSERT_TRUE(server.is_command_pending());
  post_one();
  EXPECT_TRUE(server.can_deliver());
  server.deliver("#TRX: 0,1", as_bytes("y"));
  EXPECT_EQ(taken(), ready + "\r\n#TRX: 0,1\r\ny\r\n");
}

TEST_F(event_hold, a_line_behind_a_silent_pending_command_waits) {
  server.receive("AT#TSEND=3,1,1\rxAT#TOPEN=1\r");
  EXPECT_EQ(handler.log, "#TSEND=3,1,1|\"x\"\n");
  server.complete(outcome::silent());
  EXPECT_EQ(taken(), "\r\n#TOPEN: 1\r\n" + ok);
}

TEST_F(event_hold, held_when_the_line_of_a_silent_pending_command_has_more) {
  server.receive("AT#TSEND=3,0,1;#TOPEN=1\r");
  post_one();
  EXPECT_EQ(taken(), "");
  server.complete(outcome::silent());
  EXPECT_EQ(taken(), "\r\n#TOPEN: 1\r\n" + ok + ready);
}

TEST_F(event_hold, held_when_rubbish_follows_a_silent_pending_command) {
  server.receive("AT#TSEND=3,0,1;)\r");
  ASSERT_TRUE(server.is_command_pending());
  post_one();
  EXPECT_FALSE(server.can_deliver());
  EXPECT_EQ(taken(), "");
  server.complete(outcome::silent());
  EXPECT_EQ(taken(), "\r\nERROR\r\n" + ready);
}

TEST_F(event_hold, a_half_typed_line_without_echo_holds_nothing) {
  server.receive("AT#TOP");
  post_one();
  EXPECT_EQ(taken(), ready);
  server.receive("EN=1\r");
  EXPECT_EQ(taken(), "\r\n#TOPEN: 1\r\n" + ok);
}

TEST_F(event_hold_with_echo, a_half_typed_line_with_echo_holds) {
  server.receive("AT#TOP");
  post_one();
  EXPECT_FALSE(server.can_deliver());
  EXPECT_EQ(taken(), "AT#TOP");
  server.receive("EN=1\rA");
  EXPECT_EQ(taken(), "EN=1\r\r\n#TOPEN: 1\r\n" + ok + ready + "A");
}

TEST_F(event_hold_with_echo, an_over_long_line_holds) {
  server.receive(std::string(max_line_bytes + 1, 'x'));
  EXPECT_EQ(taken(), std::string(max_line_bytes, 'x'));
  post_one();
  EXPECT_EQ(taken(), "");
  server.receive("\r");
  EXPECT_EQ(taken(), "\r\r\nERROR\r\n" + ready);
}

TEST_F(event_hold_with_echo, an_ignored_line_releases) {
  server.receive("noise");
  post_one();
  server.receive("\r");
  EXPECT_EQ(taken(), "noise\r" + ready);
}

TEST_F(event_hold, the_queue_is_bounded_and_what_is_lost_is_counted) {
  server.receive("AT#TCLOSE=2\r");
  std::string expected = ok;
  for (std::size_t i = 0; i < max_held_events + 3; ++i) {
    server.post("#TKEY: " + std::to_string(i));
    if (i < max_held_events) expected += "\r\n#TKEY: " + std::to_string(i) + "\r\n";
  }
  server.complete(outcome::done());
  EXPECT_EQ(taken(), expected + "\r\n#TLOST: 3\r\n");
  post_one();
  EXPECT_EQ(taken(), ready);
}

TEST_F(event_hold, the_loss_is_told_where_the_events_are_missing) {
  fill_output();
  for (std::size_t i = 0; i < max_held_events + 2; ++i) server.post("#TKEY: " + std::string(2000, 'x'));
  std::string out;
  server.take_output(out);  // room again: a part of the queue goes out
  EXPECT_FALSE(server.can_deliver());
  post_one();
  const auto rest = taken();
  const auto lost = rest.find("\r\n#TLOST: 2\r\n");
  ASSERT_NE(lost, std::string::npos);
  EXPECT_LT(lost, rest.find(ready));
  EXPECT_LT(rest.rfind("#TKEY"), lost);
}

TEST_F(event_hold, high_water_stops_events_and_input_until_the_output_is_taken) {
  fill_output();
  EXPECT_FALSE(server.can_deliver());
  EXPECT_FALSE(server.has_room_for_input());
  post_one();
  server.receive("AT#TOPEN=1\r");
  EXPECT_EQ(handler.log, "");
  std::string out;
  server.take_output(out);
  EXPECT_EQ(out.find("#TRDY"), std::string::npos);
  EXPECT_TRUE(server.has_room_for_input());
  EXPECT_EQ(taken(), ready + "\r\n#TOPEN: 1\r\n" + ok);
}

TEST_F(event_hold, high_water_in_mid_line_holds_events) {
  const auto frame = hostile_payload().size();
  const auto commands = output_high_water_bytes / frame + 1;
  std::string line = "AT#TRECV=0";
  for (std::size_t i = 1; i < 300; ++i) line += ";#TRECV=0";
  ASSERT_LT(line.size(), max_line_bytes);
  std::string input;
  for (std::size_t i = 0; i < commands; i += 300) input += line + "\r";
  server.receive(input);
  post_one();
  EXPECT_FALSE(server.has_room_for_input());
  const auto all = taken();
  EXPECT_TRUE(all.ends_with(ok + ready));
  EXPECT_EQ(all.find(ready), all.size() - ready.size());
}

TEST_F(event_hold, take_output_appends) {
  post_one();
  std::string out = "before";
  server.take_output(out);
  EXPECT_EQ(out, "before" + ready);
  EXPECT_FALSE(server.has_output());
}

TEST_F(event_hold, input_behind_a_pending_command_is_bounded_by_the_driver) {
  server.receive("AT#TCLOSE=2\r");
  const std::string lines(4096, '\r');
  std::size_t fed = 0;
  while (server.has_room_for_input()) {
    server.receive(lines);
    fed += lines.size();
  }
  EXPECT_LE(fed, input_high_water_bytes + lines.size());
  server.complete(outcome::done());
  EXPECT_TRUE(server.has_room_for_input());
}

TEST_F(event_hold, a_failure_that_no_command_told_is_remembered) {
  server.remember_failure("The handshake timed out.");
  server.receive("AT+CEER\r");
  EXPECT_EQ(taken(), "\r\n+CEER: \"The handshake timed out.\"\r\n" + ok);
}

}  // namespace
}  // namespace tlsmodem::at::test

// A server and a client of the library, back to back: what one end is given, the other end gets.
#include "protocol/at_client.hpp"
#include "protocol/commands/send.hpp"
#include "protocol/event.hpp"
#include "protocol/limits.hpp"
#include "scripted_handler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace tlsmodem::at::test {
namespace {

class back_to_back {
 public:
  explicit back_to_back(unsigned seed) : random_(seed), server_(handler_) { handler_.server = &server_; }

  std::string random_payload(std::size_t max_bytes) {
    std::string payload(std::uniform_int_distribution<std::size_t>(0, max_bytes)(random_), '\0');
    for (char& c : payload) c = static_cast<char>(random_());
    return payload;
  }

  // Writes in random pieces, as a socket would, and reads what comes back likewise.
  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto piece = bytes.substr(0, random_piece());
      bytes.remove_prefix(piece.size());
      server_.receive(piece);
      read();
    }
  }
  void deliver(int id, const std::string& payload) {
    ASSERT_TRUE(server_.can_deliver());
    server_.deliver(format(received_event{id, payload.size(), false}), as_bytes(payload));
    read();
  }
  item next() {
    EXPECT_FALSE(items_.empty());
    if (items_.empty()) return {};
    auto first = std::move(items_.front());
    items_.erase(items_.begin());
    return first;
  }
  bool is_all_read() const { return items_.empty(); }
  const std::string& log() const { return handler_.log; }

 private:
  std::size_t random_piece() { return std::uniform_int_distribution<std::size_t>(1, 5000)(random_); }
  void read() {
    std::string output;
    while (server_.has_output()) server_.take_output(output);
    for (std::string_view rest = output; !rest.empty();) {
      const auto piece = rest.substr(0, random_piece());
      rest.remove_prefix(piece.size());
      client_.feed(piece);
      while (auto found = client_.next()) {
        if (found->is != item::kind::prompt) items_.push_back(std::move(*found));
      }
    }
  }

  std::mt19937 random_;
  scripted_handler handler_;
  at_server server_;
  at_client client_;
  std::vector<item> items_;
};

TEST(end_to_end, random_payloads_reach_the_handler_and_come_back_in_frames) {
  back_to_back channel(1);
  channel.write("AT\r");
  ASSERT_EQ(channel.next().is, item::kind::ok);
  std::string expected_log;
  for (int round = 0; round < 100; ++round) {
    const auto payload = channel.random_payload(round % 10 == 0 ? max_payload_bytes : 200);
    const send_request request{0, payload.size(), false, false};
    channel.write(format(request) + "\r" + payload);
    expected_log += "#TSEND=0," + std::to_string(payload.size()) + "|" + quote(payload) + "\n";
    EXPECT_EQ(channel.next().is, item::kind::ok);

    channel.deliver(round, payload);
    const auto event = channel.next();
    EXPECT_EQ(event.is, item::kind::event);
    const auto received = parse_received(event.line);
    ASSERT_TRUE(received);
    EXPECT_EQ(received->id, round);
    EXPECT_EQ(as_text(event.payload), payload);
    EXPECT_TRUE(channel.is_all_read());
  }
  EXPECT_TRUE(channel.log() == expected_log);
}

TEST(end_to_end, every_error_number_arrives) {
  for (const error code : all_errors()) {
    scripted_handler handler;
    at_server server(handler);
    server.receive("AT#TCLOSE=2\r");
    server.complete(outcome::failed({code, "Because."}));
    std::string output;
    server.take_output(output);
    at_client client;
    client.feed(output);
    const auto result = client.next();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->is, item::kind::failed);
    EXPECT_EQ(result->code, code);
  }
}

TEST(end_to_end, a_quiet_failure_is_an_event_and_nothing_else) {
  back_to_back channel(2);
  channel.write(format(send_request{4, max_payload_bytes + 1, true, false}) + "\r" +
                std::string(max_payload_bytes + 1, '\r') + "AT\r");
  const auto failure = channel.next();
  EXPECT_EQ(failure.is, item::kind::event);
  EXPECT_EQ(failure.line, format(error_event{4, error::message_too_long}));
  EXPECT_EQ(channel.next().is, item::kind::ok);
  EXPECT_TRUE(channel.is_all_read());
}

}  // namespace
}  // namespace tlsmodem::at::test

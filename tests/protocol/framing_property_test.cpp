// Random interleavings of input, events, completions and slow reading: whatever happens when, the output is
// made of whole responses in the order of the lines and whole events in the order they were given.
#include "framing_model.hpp"
#include "protocol/limits.hpp"
#include "replay.hpp"

#include <gtest/gtest.h>

#include <random>

namespace tlsmodem::at::test {
namespace {

enum class reader : std::uint8_t { quick, slow };

class simulation {
 public:
  simulation(unsigned seed, reader how)
      : random_(seed),
        how_(how),
        echo_(chance(2) ? initial_echo::on : initial_echo::off),
        server_(handler_, echo_) {
    handler_.server = &server_;
    handler_.on_post = [this](const std::string& event) { model_.expect_event("\r\n" + event + "\r\n"); };
    const std::string terminators[] = {"\r", "\n", "\r\n"};
    terminator_ = terminators[below(3)];
  }

  void run() {
    add("AT", "", "\r\nOK\r\n");  // before the terminator is learned, a payload must not begin with LF
    for (int line = 0; line < 60; ++line) add_line();
    while (fed_ < input_.size() || server_.is_command_pending()) act();
    for (int i = 0; i < 5; ++i) act();
    drain();
    const auto wrong = model_.check(output_);
    EXPECT_FALSE(wrong) << *wrong;
  }

 private:
  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }

  // Bytes that look like the protocol, to catch whoever takes them for it.
  std::string payload() {
    const std::string pieces[] = {"\r\nOK\r\n",       "AT\r", "\n", "\r", "> ",
                                  "\r\n#TKEY: 1\r\n", "A/",   "\b", "x"};
    std::string out;
    for (auto n = below(6); n > 0; --n) out += pieces[below(std::size(pieces))];
    if (chance(20)) out += std::string(below(5000), '\0');
    return out;
  }

  void add_line() {
    const std::string ok = "\r\nOK\r\n";
    const auto number = std::to_string(next_number_++);
    switch (below(11)) {
      case 0:
        return add("AT", "", ok);
      case 1:
        return add("AT#TOPEN=" + number, "", "\r\n#TOPEN: " + number + "\r\n" + ok);
      case 2:
        return add("AT#TOPEN=" + number + ";#TCLOSE=1;#TOPEN=0", "",
                   "\r\n#TOPEN: " + number + "\r\n\r\n+CME ERROR: 811\r\n");
      case 3:
        return add("noise " + number, "", "");
      case 4:
        return add("AT#TCLOSE=2", "", ok);
      case 5:
        return add("AT#TRECV=0", "",
                   "\r\n#TRECV: 0," + std::to_string(hostile_payload().size()) + ",0\r\n" +
                       hostile_payload() + "\r\n" + ok);
      case 6:
        return add("AT#TCLOSE=5", "", ok);  // posts two events
      case 7:
        return chance(4) ? add(std::string(max_line_bytes + 1 + below(100), 'A'), "", "\r\nERROR\r\n")
                         : add("", "", "");
      default:
        return add_payload_line();
    }
  }

  void add_payload_line() {
    const std::string ok = "\r\nOK\r\n";
    const auto sent = payload();
    const std::string wish = std::to_string(below(5));
    const std::string results[] = {ok, "\r\n+CME ERROR: 811\r\n", ok, "", ""};
    const auto result = results[static_cast<std::size_t>(wish[0] - '0')];
    const bool is_quiet = result.empty();
    add("AT#TSEND=" + wish + "," + std::to_string(sent.size()) + (is_quiet ? ",1" : ""), sent,
        (sent.empty() ? "" : std::string(prompt_mark)) + result);
  }

  void add(const std::string& line, const std::string& sent, const std::string& response) {
    input_ += line + terminator_ + sent;
    std::string echo;
    if (echo_ == initial_echo::on) echo = line.substr(0, max_line_bytes) + terminator_.substr(0, 1);
    model_.expect_response(echo + response);
  }

  void act() {
    switch (below(how_ == reader::slow ? 9 : 5)) {
      case 0:
        return post();
      case 1:
        return deliver();
      case 2:
        return complete();
      case 3:
        return take();
      case 4:
        return feed();
      default:
        return chance(2) ? post() : deliver();
    }
  }

  void feed() {
    if (!server_.has_room_for_input()) return;
    const auto size = std::min(input_.size() - fed_, chance(3) ? 1 + below(3) : below(400));
    server_.receive(std::string_view(input_).substr(fed_, size));
    fed_ += size;
  }
  void post() {
    const std::string event = "#TKEY: " + std::to_string(next_number_++);
    model_.expect_event("\r\n" + event + "\r\n");
    server_.post(event);
  }
  void deliver() {
    if (!server_.can_deliver()) return;
    auto sent = payload();
    if (how_ == reader::slow) sent += std::string(below(max_datagram_bytes), 'x');
    const std::string event = "#TRX: " + std::to_string(next_number_++) + "," + std::to_string(sent.size());
    model_.expect_event("\r\n" + event + "\r\n" + sent + "\r\n");
    server_.deliver(event, as_bytes(sent));
  }
  void complete() {
    if (!server_.is_command_pending()) return;
    const auto last = handler_.log.rfind('\n', handler_.log.size() - 2) + 1;  // npos + 1 is 0
    const bool is_silent = handler_.log.compare(last, 8, "#TSEND=3") == 0;
    server_.complete(is_silent ? outcome::silent() : outcome::done());
  }
  void take() {
    std::string out;
    server_.take_output(out);
    // One response may overshoot the mark, no more.
    EXPECT_LT(out.size(), output_high_water_bytes + 2 * max_payload_bytes);
    output_ += out;
  }
  void drain() {
    while (server_.has_output() || server_.is_command_pending()) {
      take();
      complete();
    }
  }

  std::mt19937 random_;
  const reader how_;
  const initial_echo echo_;
  scripted_handler handler_;
  at_server server_;
  framing_model model_;
  std::string terminator_;
  std::string input_;
  std::size_t fed_ = 0;
  std::string output_;
  int next_number_ = 0;
};

TEST(framing_property, holds_with_a_quick_reader) {
  for (unsigned seed = 1; seed <= 400 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    simulation(seed, reader::quick).run();
  }
}

TEST(framing_property, holds_with_a_slow_reader) {
  for (unsigned seed = 1; seed <= 100 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    simulation(seed, reader::slow).run();
  }
}

TEST(framing_property, the_model_refuses_what_is_torn) {
  framing_model model;
  model.expect_response("\r\n#TOPEN: 1\r\n\r\nOK\r\n");
  model.expect_event("\r\n#TKEY: 1\r\n");
  EXPECT_FALSE(model.check("\r\n#TOPEN: 1\r\n\r\nOK\r\n\r\n#TKEY: 1\r\n"));
  EXPECT_FALSE(model.check("\r\n#TOPEN: 1\r\n\r\nOK\r\n\r\n#TLOST: 1\r\n"));
  EXPECT_TRUE(model.check("\r\n#TOPEN: 1\r\n\r\n#TKEY: 1\r\n\r\nOK\r\n"));
  EXPECT_TRUE(model.check("\r\n#TOPEN: 1\r\n\r\nOK\r\n"));
  EXPECT_TRUE(model.check("\r\n#TKEY: 1\r\n"));
  EXPECT_TRUE(model.check("\r\n#TKEY: 1\r\n\r\n#TKEY: 1\r\n\r\n#TOPEN: 1\r\n\r\nOK\r\n"));
}

}  // namespace
}  // namespace tlsmodem::at::test

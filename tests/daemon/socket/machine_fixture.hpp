// A socket machine on the bench: a fake engine whose every state the test sets, a clock that the test moves,
// and actions as readable text.
#pragma once

#include "daemon/socket/socket_machine.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace tlsmodem::test {

using namespace std::chrono_literals;
using words = std::vector<std::string>;

struct fake_engine final : tls::engine {
  void offer(bytes_view session) override {
    offered = std::string(as_text(session));
    about.session_offered = true;
  }
  std::vector<tls::resumable_session> take_sessions() override { return std::exchange(left, {}); }
  void start(tls::time_point) override {
    is = fails_to_start ? tls::engine_state::failed : tls::engine_state::handshaking;
    if (fails_to_start) why = {{at::error::internal, "No start."}, -1, false};
  }
  void feed(bytes_view data, tls::time_point) override;
  void feed_end(tls::time_point) override;
  std::optional<tls::time_point> deadline() const override { return due; }
  void on_deadline(tls::time_point) override { ++expired; }
  // The retransmission timer has run out for the last time.
  void give_up() {
    is = tls::engine_state::failed;
    why = {{at::error::handshake_timeout, "Silence."}, -1, false};
  }
  tls::send_outcome send(bytes_view data, tls::time_point) override;
  void shut(tls::time_point) override;
  std::string explain_silence() const override { return silence; }
  std::string explain_end() const override { return end; }
  tls::engine_state state() const override { return is; }
  const tls::engine_failure& failure() const override { return why; }
  const tls::engine_info& info() const override { return about; }
  packet_queue& outgoing() override { return out; }
  packet_queue& incoming() override { return in; }
  // The handshake is done, and data came with its end; the state is up to the test.
  void finish_with(std::string_view data) {
    about.handshake_done = true;
    about.version = "FAKE";
    about.suite = "FAKE_SUITE";
    in.push(as_bytes(data));
  }
  // What feed() makes of ciphertext, by its first letter: 'H' the server answers, 'F' the same with the
  // full handshake, 'U' up, 'R' up by
  // resumption, 'C' close_notify, 'A' alert, 'D' damage, anything else is plaintext.
  tls::engine_state is = tls::engine_state::idle;
  std::optional<tls::time_point> due;
  tls::send_outcome answer = tls::send_outcome::ok;
  tls::engine_failure why;
  std::string silence;
  std::string end;
  tls::engine_info about;
  packet_queue out;
  packet_queue in;
  int expired = 0;
  bool fails_to_start = false;
  std::string offered;
  std::vector<tls::resumable_session> left;
};

profile profile_of(socket_protocol protocol, delivery_mode delivery = delivery_mode::push);

// One action as a word or two: "resolve host", "open 1.2.3.4:5", "end", "close", or the event's line.
std::string text_of(const socket_action& action);

class bench {
 public:
  explicit bench(profile options = profile_of(socket_protocol::dtls),
                 std::unique_ptr<socket_sessions> sessions = nullptr);

  // Everything the machine wants done since the last call; close_transport empties outgoing() as the driver
  // does.
  words actions();
  // The same, without the expectation that the test looks at them.
  void forget() { machine->take_actions(); }

  void connect(const std::string& host = "host", const std::string& preferred = {});
  void resolve(std::vector<std::string> addresses = {"192.0.2.1"});
  void reach();
  void network(std::string_view data) { machine->on_received(as_bytes(data), false, now); }
  // The transport of a handshake beside the association.
  void reach_next();
  void next_network(std::string_view data) { machine->on_next_received(as_bytes(data), now); }
  // All of the way to connected, with nothing left to look at.
  void come_up();
  // The client takes one frame.
  std::string take(std::size_t max_bytes = 65536);
  std::string state() const { return std::string(at::name_of(machine->state())); }
  send_result send(std::string_view data, bool is_last = false) {
    return machine->send(as_bytes(data), is_last, now);
  }

  socket_machine::time_point now{1h};
  fake_engine* engine = nullptr;  // of the last connect that reached its peer
  int engines = 0;
  bool next_engine_fails = false;
  tls::peer_name asked_for;
  std::size_t asked_limit = 0;
  std::unique_ptr<socket_machine> machine;
};

inline const std::string up_line = R"(#TUP: 1,0,"FAKE","FAKE_SUITE","192.0.2.1",5684,"198.51.100.7",40000)";

}  // namespace tlsmodem::test

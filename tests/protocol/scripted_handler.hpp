// A command_handler for the tests of the channel. What it does is told by the first value of the command, so
// that one line of a table says both what is sent and what the modem makes of it.
#pragma once

#include "protocol/at_server.hpp"
#include "protocol/commands/cfg.hpp"

#include <functional>
#include <string>

namespace tlsmodem::at::test {

// The first value of AT#TSEND and AT#TCLOSE.
enum class wish : int { done, fail, pend, pend_silently, silent, post_two, fail_with_busy };

inline std::string all_byte_values() {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  return all;
}

// What a frame must be able to carry.
inline std::string hostile_payload() {
  return "\r\nOK\r\n+++> \r\n#TRX: 0,4\r\n\x1A\x1B" + all_byte_values() + "\r\n+CME ERROR: 3\r\n";
}

class scripted_handler final : public command_handler {
 public:
  outcome execute(const request& what, response& answer) override {
    log += describe_request(what) + "\n";
    switch (what.command.id) {
      case command_id::identify:
        answer.line("tlsmodem");
        return outcome::done();
      case command_id::open:
        if (what.is == form::read) return list_sockets(answer);
        return open(what, answer);
      case command_id::receive:
        answer.frame("#TRECV: 0," + std::to_string(hostile_payload().size()) + ",0",
                     as_bytes(hostile_payload()));
        return outcome::done();
      case command_id::send:
      case command_id::close:
        return as_wished(what);
      default:
        return outcome::done();
    }
  }
  void reset() override { log += "reset\n"; }

  std::string log;              // what was executed, one line each
  at_server* server = nullptr;  // where post_two posts
  std::function<void(const std::string&)> on_post = [](const std::string&) {};

 private:
  static std::string describe_request(const request& what) {
    constexpr std::string_view forms[] = {"", "=", "?", "=?"};
    std::string text(what.command.name);
    text += forms[static_cast<std::size_t>(what.is)];
    text += format_values(what.values);
    if (what.command.payload != nullptr) text += "|" + quote(as_text(what.payload));
    return text;
  }
  static outcome list_sockets(response& answer) {
    answer.line("#TOPEN: 0,\"dtls\",\"open\"");
    answer.line("#TOPEN: 1,\"tls\",\"connected\"");
    return outcome::done();
  }
  static outcome open(const request& what, response& answer) {
    arguments in(what.values);
    const auto profile = in.number(0, profile_count_for_tests);
    if (auto wrong = in.finish()) return outcome::failed(std::move(*wrong));
    answer.line("#TOPEN: " + std::to_string(profile));
    return outcome::done();
  }
  outcome as_wished(const request& what) {
    const auto number = what.values.empty() ? 0 : what.values.front().number;
    switch (static_cast<wish>(number)) {
      case wish::fail:
        return outcome::failed({error::not_connected, "The socket is not connected."});
      case wish::fail_with_busy:
        return outcome::failed({error::busy, "A \"connect\" is in progress."});
      case wish::pend:
        return outcome::pending();
      case wish::pend_silently:
        return outcome::pending_silently();
      case wish::silent:
        return outcome::silent();
      case wish::post_two:
        post("#TRDY: 5,1");
        post("#TRDY: 5,2");
        return outcome::done();
      default:
        return outcome::done();
    }
  }
  void post(const std::string& event) {
    on_post(event);
    if (server != nullptr) server->post(event);
  }

  static constexpr std::int64_t profile_count_for_tests = 0x7fffffff;
};

}  // namespace tlsmodem::at::test

// Any bytes from a client: the same commands are executed and the same is answered however the bytes are cut,
// and events come out whole, in order, counted.
#include "invariants.hpp"
#include "protocol/at_server.hpp"
#include "protocol/commands/cfg.hpp"
#include "protocol/limits.hpp"

#include <string>

namespace {

using namespace tlsmodem::at;  // NOLINT: a test program
using tlsmodem::fuzz::require;

class logging_handler final : public command_handler {
 public:
  outcome execute(const request& what, response& answer) override {
    log += std::string(what.command.name) + format_values(what.values) + "|";
    log += tlsmodem::as_text(what.payload);
    log += "\n";
    const auto wish = what.values.empty() ? 0 : what.values.front().number;
    if (what.command.id == command_id::receive)
      answer.frame("#TRECV: 0,6,0", tlsmodem::as_bytes("\r\nOK\r\n"));
    if (wish == 1) return outcome::failed({error::not_connected, "Not connected."});
    if (wish == 2) return outcome::pending();
    if (wish == 3) return outcome::silent();
    if (wish == 4) server->post("#TRDY: 0,1");
    if (wish == 5) return outcome::pending_silently();
    answer.line("done");
    return outcome::done();
  }
  void reset() override {
    log += "reset\n";
    was_reset = true;
  }

  std::string log;
  bool was_reset = false;
  at_server* server = nullptr;
};

struct story {
  std::string log;
  std::string output;
  bool was_reset = false;
};

void drain(at_server& server, std::string& output) {
  while (server.has_output() || server.is_command_pending()) {
    server.take_output(output);
    if (server.is_command_pending()) server.complete(outcome::done());
  }
}

// The prompt depends on what has arrived, so it is off.
story story_of(std::string_view terminator, const tlsmodem::fuzz::pieces& pieces) {
  logging_handler handler;
  at_server server(handler);
  handler.server = &server;
  server.receive("AT#TPROMPT=0" + std::string(terminator));
  story seen;
  drain(server, seen.output);
  for (const auto piece : pieces) {
    server.receive(piece);
    drain(server, seen.output);
  }
  seen.log = handler.log;
  seen.was_reset = handler.was_reset;
  return seen;
}

void check_cuts(std::string_view input, unsigned where) {
  constexpr std::string_view terminators[] = {"\r", "\n", "\r\n"};
  const auto terminator = terminators[where % 3];
  const auto whole = story_of(terminator, {input});
  for (const auto& pieces : {tlsmodem::fuzz::cut(input, 1), tlsmodem::fuzz::cut_once(input, where)}) {
    const auto other = story_of(terminator, pieces);
    require(other.log == whole.log, "the same is executed");
    // ATZ switches the prompt on again.
    require(whole.was_reset || other.output == whole.output, "the same is answered");
  }
}

std::string event_name(unsigned number) { return "#TKEY: <" + std::to_string(number) + ">"; }

// Each input byte of `schedule` decides what happens before the next piece.
void check_events(std::string_view schedule, std::string_view input) {
  logging_handler handler;
  at_server server(handler, schedule.size() % 2 == 0 ? initial_echo::off : initial_echo::on);
  handler.server = &server;
  std::string output;
  unsigned posted = 0;
  for (const char c : schedule) {
    const auto action = static_cast<unsigned char>(c) % 5;
    if (action == 0) {
      server.post(event_name(posted++));
    } else if (action == 1 && server.can_deliver()) {
      server.deliver(event_name(posted++), tlsmodem::as_bytes("\r\nOK\r\n"));
    } else if (action == 2 && server.is_command_pending()) {
      server.complete(outcome::silent());
    } else if (action == 3) {
      server.take_output(output);
    } else if (server.has_room_for_input()) {
      const auto piece = input.substr(0, static_cast<unsigned char>(c) / 8);
      input.remove_prefix(piece.size());
      server.receive(piece);
    }
  }
  require(posted <= max_held_events, "the schedule is short enough for none to be lost");
  // What holds events back ends now: the command in progress, its payload, the line in progress.
  drain(server, output);
  static const std::string end_of_anything = std::string(max_payload_bytes, 'x') + "\r\n";
  for (int round = 0; round < 2 && !server.can_deliver(); ++round) {
    server.receive(end_of_anything);
    drain(server, output);
  }
  if (!server.can_deliver()) return;  // a payload of up to 2 GiB was announced, or S3 is none of the two
  std::size_t at = 0;
  for (unsigned number = 0; number < posted; ++number) {
    at = output.find(event_name(number), at);
    require(at != std::string::npos, "every event comes out, in order");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto input = tlsmodem::as_text({data, size});
  const auto where = tlsmodem::fuzz::take_byte(input);
  const auto schedule_size = std::min<std::size_t>(tlsmodem::fuzz::take_byte(input) % 64, input.size());
  const auto schedule = input.substr(0, schedule_size);
  input.remove_prefix(schedule_size);
  check_cuts(input, where);
  check_events(schedule, input);
  return 0;
}

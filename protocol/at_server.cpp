#include "at_server.hpp"

#include "commands/send.hpp"
#include "event.hpp"
#include "limits.hpp"
#include "wiped.hpp"

#include <algorithm>
#include <utility>

namespace tlsmodem::at {

// The line in progress: its commands run one after the other, each behind its payload. After a failure the
// rest is only walked through for the payloads that the client sends all the same.
struct at_server::running_line {
  parsed_line line;
  std::size_t next = 0;
  const command_info* info = nullptr;
  std::vector<value> values;
  std::optional<failure> refused;  // known before the payload was collected
  std::optional<failure> failed;   // of the line: the final result
  bool is_payload_awaited = false;
  bool is_silent = false;

  // Nothing behind the current command can give the line a result code of its own.
  bool is_at_end() const { return next == line.commands.size() && !line.ends_in_rubbish; }
};

class at_server::response_writer final : public response {
 public:
  explicit response_writer(at_server& server) : server_(server) {}
  void line(std::string_view text) override { server_.write_line(text); }
  void frame(std::string_view text, bytes_view payload) override { server_.write_frame(text, payload); }

 private:
  at_server& server_;
};

at_server::at_server(command_handler& handler, initial_echo echo) : handler_(handler), initial_echo_(echo) {
  settings_.echo = echo == initial_echo::on;
}

at_server::~at_server() = default;

void at_server::receive(std::string_view input) {
  framer_.feed(input);
  pump();
}

bool at_server::has_room_for_input() const {
  return framer_.buffered_bytes() < input_high_water_bytes && output_.size() < output_high_water_bytes;
}

void at_server::take_output(std::string& out) {
  if (out.empty()) {
    out.swap(output_);
  } else {
    out.append(output_);
  }
  output_.clear();
  pump();
}

void at_server::resume() {
  is_paused_ = false;
  pump();
}

// Goes on until bytes are missing, a command is pending, the client does not read, or its turn is over.
void at_server::pump() {
  if (pumping_ || is_paused_) return;
  pumping_ = true;
  bool has_moved = false;  // each turn does something
  while (!pending_ && output_.size() < output_high_water_bytes) {
    if (has_moved && is_turn_over_ && is_turn_over_()) {
      is_paused_ = true;
      break;
    }
    has_moved = true;
    if (running_) {
      if (running_->is_payload_awaited) {
        auto payload = framer_.next_payload();
        if (!payload) break;
        running_->is_payload_awaited = false;
        run_current(*payload);
        wipe(*payload);
      } else {
        step();
      }
      continue;
    }
    flush_events();
    auto line = framer_.next_line(settings_.echo ? &output_ : nullptr);
    if (!line) break;
    on_line(std::move(*line));
  }
  flush_events();
  pumping_ = false;
}

void at_server::on_line(framer::line line) {
  if (line.is == framer::line::kind::overlong) {
    write_failure({error::unknown, "The command line was too long; none of it was executed."});
    return;
  }
  if (line.is == framer::line::kind::repeat) {
    if (last_body_) {
      start(*last_body_);
    } else {
      write_failure({error::not_allowed, "The last line may have held a secret and is not kept for A/."});
    }
    return;
  }
  if (const auto body = find_body(line.text)) start(std::string(*body));
  wipe(line.text);
}

void at_server::start(std::string body) {
  running_ = std::make_unique<running_line>();
  running_->line = parse_command_line(body);
  const auto& commands = running_->line.commands;
  const bool may_hold_password = std::any_of(commands.begin(), commands.end(),
                                             [](const parsed_command& c) { return c.name == "#TCRED"; });
  if (may_hold_password) {
    wipe(body);
    last_body_.reset();
  } else {
    last_body_ = std::move(body);
  }
}

// Takes the next command of the line up to where its payload is awaited, or ends the line.
void at_server::step() {
  if (running_->next == running_->line.commands.size()) {
    if (running_->line.ends_in_rubbish && !running_->failed)
      running_->failed = failure{error::unknown, "The command line holds something that is no command."};
    finish_line();
    return;
  }
  prepare_current();
  if (running_->is_payload_awaited) return;
  run_current({});
}

void at_server::prepare_current() {
  auto& run = *running_;
  parsed_command& parsed = run.line.commands[run.next];
  run.values.clear();
  run.refused.reset();
  run.info = find_command(parsed.name);
  if (run.info == nullptr) {
    run.refused = failure{error::unknown, "There is no command " + parsed.name + "."};
    return;
  }
  const bool is_basic = parsed.name.front() != '+' && parsed.name.front() != '#';
  if (!run.info->allowed.contains(parsed.is))
    run.refused = failure{error::unknown, "The command " + parsed.name + " has no such form."};
  if (parsed.is != form::set && !is_basic) return;
  auto values = parse_values(parsed.arguments);
  if (!values && !run.refused) run.refused = values.why();
  // The payload of a command that is wrong comes all the same, if its length is there to be read.
  run.values = values ? std::move(*values) : parse_readable_values(parsed.arguments);
  wipe(parsed.arguments);
  if (run.info->payload == nullptr || parsed.is != form::set) return;
  const auto length = run.info->payload(run.values);
  if (!length || *length > max_swallowed_payload_bytes) return;
  if (*length > static_cast<std::int64_t>(max_payload_bytes) && !run.refused)
    run.refused = failure{error::message_too_long, "The payload is longer than 65536 bytes."};
  framer_.expect_payload(static_cast<std::size_t>(*length),
                         run.refused || run.failed ? 0 : max_payload_bytes);
  run.is_payload_awaited = true;
  if (settings_.prompt && !framer_.has_payload_begun()) output_ += "> ";
}

void at_server::run_current(bytes_view payload) {
  auto& run = *running_;
  const parsed_command& parsed = run.line.commands[run.next++];
  if (run.failed) return;
  if (run.refused) {
    on_outcome(refused_outcome());
    return;
  }
  on_outcome(execute({*run.info, parsed.is, run.values, payload, parsed.s_register}));
}

// The client of a quiet send waits for no result code: its failures are events, also those found here.
outcome at_server::refused_outcome() {
  const auto& run = *running_;
  if (run.info == nullptr || run.info->id != command_id::send) return outcome::failed(*run.refused);
  const auto send = parse_send(run.values);
  if (!send || !send->is_quiet) return outcome::failed(*run.refused);
  last_failure_ = run.refused->text;
  post(format(error_event{send->id, run.refused->code}));
  return outcome::silent();
}

outcome at_server::execute(const request& what) {
  response_writer answer(*this);
  if (what.is == form::test) return answer_test(what, answer);
  if (auto own = execute_own(what, answer)) return std::move(*own);
  return handler_.execute(what, answer);
}

void at_server::on_outcome(outcome result) {
  for (auto& v : running_->values) wipe(v.text);
  switch (result.is) {
    case outcome::kind::pending:
    case outcome::kind::pending_silently:
      pending_ = true;
      events_may_pass_ = result.is == outcome::kind::pending_silently && running_->is_at_end();
      return;
    case outcome::kind::failed:
      running_->failed = std::move(result.why);
      break;
    default:
      break;
  }
  running_->is_silent = result.is == outcome::kind::silent;
}

void at_server::complete(outcome result) {
  pending_ = false;
  events_may_pass_ = false;
  on_outcome(std::move(result));
  pump();
}

void at_server::finish_line() {
  const auto run = std::move(running_);
  if (run->failed) {
    write_failure(*run->failed);
  } else if (!run->is_silent) {
    write_result("OK", 0);
  }
}

void at_server::post(std::string event) {
  // What was lost is told where it is missing, before the next event that fits.
  const std::size_t needed = lost_events_ > 0 ? 2 : 1;
  if (events_.size() + needed > max_held_events) {
    ++lost_events_;
    return;
  }
  if (lost_events_ > 0) events_.push_back(format_lost(std::exchange(lost_events_, 0)));
  events_.push_back(std::move(event));
  if (!pumping_) flush_events();
}

void at_server::deliver(std::string_view event, bytes_view payload) { write_frame(event, payload); }

bool at_server::can_deliver() const {
  return !is_held() && events_.empty() && output_.size() < output_high_water_bytes;
}

// With echo on, a line that is half typed is half echoed, and an event would tear it.
bool at_server::is_held() const {
  if (running_) return !events_may_pass_;
  return settings_.echo && framer_.is_line_begun();
}

void at_server::flush_events() {
  while (!is_held() && output_.size() < output_high_water_bytes) {
    if (!events_.empty()) {
      write_line(events_.front());
      events_.pop_front();
    } else if (lost_events_ > 0) {
      write_line(format_lost(std::exchange(lost_events_, 0)));
    } else {
      return;
    }
  }
}

void at_server::write_line(std::string_view text) {
  if (settings_.verbose) output_.append({settings_.s3, settings_.s4});
  output_.append(text).append({settings_.s3, settings_.s4});
}

void at_server::write_frame(std::string_view text, bytes_view payload) {
  write_line(text);
  output_.append(as_text(payload)).append({settings_.s3, settings_.s4});
}

void at_server::write_result(std::string_view verbose, int numeric) {
  if (settings_.quiet) return;
  if (settings_.verbose) {
    write_line(verbose);
  } else {
    output_.append(std::to_string(numeric)).push_back(settings_.s3);  // V.250 5.7.1: no line feed
  }
}

// V.250 5.7.1 gives ERROR to what is no command line; 27.007 9.2 gives +CME ERROR to what is one and failed.
void at_server::write_failure(const failure& why) {
  last_failure_ = why.text;
  if (settings_.error_format == 0 || why.code == error::unknown) {
    write_result("ERROR", 4);
    return;
  }
  if (settings_.quiet) return;
  // Extended result codes stay verbal in ATV0.
  write_line("+CME ERROR: " + (settings_.error_format == 1 ? std::to_string(static_cast<int>(why.code))
                                                           : std::string(describe(why.code))));
}

}  // namespace tlsmodem::at

#include "socket.hpp"

#include "protocol/commands/connect.hpp"
#include "protocol/commands/session.hpp"
#include "protocol/commands/shut.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace tlsmodem::client {
namespace {

using namespace std::chrono_literals;

// The only socket of its channel gets the lowest id.
constexpr int id = 1;
// The modem answers at once what needs no network.
constexpr auto command_limit = 5s;

at::failure not_connected() { return {at::error::not_connected, "The socket is not connected."}; }

// A modem that has too many channels says so to a new one, and ends it.
at::failure no_room() { return {at::error::limit_reached, "The modem takes no more channels for now."}; }

at::failure explain(at::error code, refused part) {
  const char* const what = part == refused::credential ? "a credential"
                           : part == refused::socket   ? "the socket"
                                                       : "its settings";
  return {code, std::string("The modem refuses ") + what + ": " + std::string(at::describe(code)) + "."};
}

std::string option_command(const option& one) {
  return at::format(at::cfg_request{0, one.name, one.values}).substr(2);
}

void append(wiped_string& text, std::string_view more) { text.append(more.data(), more.size()); }

}  // namespace

std::string default_socket_path() {
  const char* const named = std::getenv("TLSMODEM_SOCKET");
  return named != nullptr && *named != '\0' ? named : "/run/tlsmodemd/at.sock";
}

socket::socket(configuration config, std::string path)
    : credentials_(std::move(config.credentials)), path_(std::move(path)) {
  set_options(std::move(config.options));
}

void socket::set_options(std::vector<option> options) {
  options_ = std::move(options);
  has_options_ = false;
  for (const auto& one : options_)
    if (one.name == "proto" && !one.values.empty()) protocol_ = one.values.front().text;
}

bool socket::is_stream() const { return protocol_ == "tls" || protocol_ == "tcp"; }

// ---- commands

// What brings the channel from where it is to a socket that is open, in lines that all answer; the last line
// goes on with `what`. The commands of a line are joined, so that the first failure ends all of them: a
// socket must not be opened with less than was asked for.
socket::script socket::prepare(const commands& what) const {
  script all;
  std::string line;
  const auto add = [&line](std::string_view command) { (line += line.empty() ? "AT" : ";") += command; };
  const auto finish_line = [&](refused part, bool may_fail = false) {
    all.is_too_long = all.is_too_long || line.size() > at::max_line_bytes;
    append(all.text, line + "\r");
    all.steps.push_back({part, may_fail});
    line.clear();
  };
  if (!has_credentials_) {
    add("#TPROMPT=0");
    finish_line(refused::settings);
    for (const auto& one : credentials_) {
      append_write(all.text, one, lifetime::of_channel);
      all.steps.push_back({refused::credential, false});
    }
  }
  if (!is_open_ && !has_options_) {
    add("#TCFG=0,\"reset\"");
    finish_line(refused::settings);
    for (const auto& one : options_) {
      if (!one.is_optional) continue;
      add(option_command(one));
      finish_line(refused::settings, true);
    }
    for (const auto& one : options_)
      if (!one.is_optional) add(option_command(one));
  }
  if (!is_open_) add("#TOPEN=0");
  if (!is_open_ && !what.when_opened.empty()) add(what.when_opened);
  if (!what.then.empty()) add(what.then);
  if (!line.empty()) finish_line(refused::socket);
  return all;
}

// Options that do not fit one line: each is awaited, so that nothing is opened with less than was asked for.
std::optional<at::failure> socket::configure_one_by_one(time_point deadline) {
  const auto reset = channel_->command("AT#TCFG=0,\"reset\"\r", deadline);
  if (!reset) return reset.why();
  for (const auto& one : options_) {
    const auto line = "AT" + option_command(one);
    if (line.size() > at::max_line_bytes) {
      refused_ = refused::settings;
      return at::failure{at::error::string_too_long,
                         "The option " + one.name + " does not fit a command line."};
    }
    const auto answered = channel_->command(line + "\r", deadline);
    if (!answered) return answered.why();
    if (answered->is_ok || one.is_optional) continue;
    refused_ = refused::settings;
    return explain(answered->code, refused_);
  }
  has_options_ = true;
  return std::nullopt;
}

// As long as the modem goes away before it has answered all of it, the next one is asked, from the beginning.
std::optional<at::failure> socket::run(const commands& what, time_point deadline) {
  const auto limit = std::min(deadline, std::chrono::steady_clock::now() + restart_limit);
  for (std::optional<at::failure> last;;) {
    auto wrong = run_once(what, limit);
    if (!is_unanswered_) return wrong;
    // That the time ran out over it says less than what kept the attempt before.
    if (!last || wrong->code != at::error::handshake_timeout) last = std::move(wrong);
    if (!pause_before_next_attempt(limit)) return last;
  }
}

std::optional<at::failure> socket::run_once(const commands& what, time_point deadline) {
  deadline = std::min(deadline, std::chrono::steady_clock::now() + command_limit);
  refused_ = refused::nothing;
  is_unanswered_ = true;
  if (auto wrong = open_channel(deadline)) return wrong;
  auto all = prepare(what);
  if (all.is_too_long) {
    if (auto wrong = configure_one_by_one(deadline)) {
      is_unanswered_ = refused_ == refused::nothing;
      forget_channel();
      return wrong;
    }
    all = prepare(what);
  }
  if (auto wrong = go_through(all, deadline)) {
    forget_channel();  // half configured, it is of no use
    return wrong;
  }
  has_credentials_ = true;
  has_options_ = true;
  is_fresh_ = !is_open_ && what.when_opened.empty() && what.then.empty();
  is_open_ = true;
  return std::nullopt;
}

std::optional<at::failure> socket::go_through(const script& all, time_point deadline) {
  auto unwritten = channel_->write({all.text.data(), all.text.size()}, deadline);
  // A channel that has ended may have said why.
  if (unwritten && unwritten->code != at::error::connection_reset) return unwritten;
  std::optional<at::failure> first;
  for (const auto& step : all.steps) {
    const auto answered = channel_->finish_command(deadline);
    if (!answered) {
      const bool is_full = first && first->code == at::error::limit_reached;
      refused_ = refused::nothing;
      return is_full ? no_room() : answered.why();
    }
    if (answered->is_ok || step.may_fail || first) continue;
    first = explain(answered->code, step.part);
    refused_ = step.part;
  }
  is_unanswered_ = false;
  collect();
  return first;
}

std::optional<at::failure> socket::open_channel(time_point deadline) {
  if (channel_) return std::nullopt;
  auto opened = channel::open(path_, deadline);
  if (!opened) return opened.why();
  channel_ = std::move(*opened);
  if (auto wrong = readiness_.watch(channel_->fd())) {
    forget_channel();
    return wrong;
  }
  return std::nullopt;
}

void socket::forget_channel() {
  readiness_.forget();
  channel_.reset();
  has_credentials_ = false;
  has_options_ = false;
  is_open_ = false;
  is_connected_ = false;
  has_lost_events_ = false;
  bound_.reset();
  tell_readiness();
}

at::failure socket::lost(at::failure why) {
  forget_channel();
  return why;
}

// A socket that was opened only to be checked can be used as it is, if its options have not changed since.
void socket::make_way(time_point deadline) {
  if (is_open_ && !(is_fresh_ && has_options_)) close(true, deadline);
}

std::optional<at::failure> socket::open(time_point deadline) {
  if (is_connected_) return at::failure{at::error::not_allowed, "The socket is connected."};
  make_way(deadline);
  return is_open_ ? std::nullopt : run_once({}, deadline);
}

std::optional<at::failure> socket::bind(const std::string& address, std::uint16_t port, time_point deadline) {
  if (is_connected_) return at::failure{at::error::not_allowed, "The socket is connected."};
  make_way(deadline);
  const at::bind_request wanted{id, address, port};
  auto wrong = run({{}, at::format(wanted).substr(2)}, deadline);
  bound_ = wrong ? std::nullopt : std::optional(wanted);
  return wrong;
}

at::result<at::up_event> socket::connect(const target& to, time_point deadline) {
  if (is_connected_) return {at::error::not_allowed, "The socket is connected."};
  arrived_.clear();
  auto before = std::exchange(handle_, {});
  alert_ = -1;
  outcome_.reset();
  has_lost_events_ = false;
  const auto what = connect_commands(to);
  // A socket has the options that it was opened with; a new one takes the place of a bound one where it is.
  if (is_open_ && !has_options_) close(true, deadline);
  auto wrong = run(what, deadline);
  auto up = wrong ? at::result<at::up_event>(std::move(*wrong)) : wait_for_outcome(deadline);
  target_ = to;
  if (!up && handle_.empty()) handle_ = std::move(before);
  return up;
}

socket::commands socket::connect_commands(const target& to) const {
  commands what;
  if (bound_) what.when_opened = at::format(*bound_).substr(2);
  if (!to.handle.empty()) what.then = at::format(at::resume_request{id, to.handle}).substr(2) + ";";
  what.then += at::format(at::connect_request{id, to.host, to.port, to.preferred_address}).substr(2);
  return what;
}

at::result<at::up_event> socket::wait_for_outcome(time_point deadline) {
  awaits_outcome_ = true;
  while (!outcome_) {
    std::optional<at::failure> wrong;
    if (has_lost_events_) {
      wrong = make_up_for_lost_events();
    } else if (auto event = channel_->next_event(deadline)) {
      note(std::move(*event));
    } else {
      wrong = event.why();
    }
    if (!wrong) continue;
    awaits_outcome_ = false;
    is_unanswered_ = true;
    // Of a new handshake: the connection goes on, and whether it is the one before is not known.
    if (wrong->code == at::error::connection_reset && is_connected_ && reattach()) return std::move(*wrong);
    close(true, std::chrono::steady_clock::now());
    return lost(std::move(*wrong));
  }
  awaits_outcome_ = false;
  is_unanswered_ = false;
  collect();
  return *std::exchange(outcome_, std::nullopt);
}

at::result<at::up_event> socket::rehandshake(time_point deadline) {
  if (!is_connected_) return not_connected();
  alert_ = -1;
  outcome_.reset();
  const auto answered = ask("AT" + at::format(at::rehandshake_request{id, true}).substr(2) + "\r",
                            std::min(deadline, std::chrono::steady_clock::now() + command_limit));
  if (!answered)
    return answered.why().code == at::error::connection_reset ? lost(answered.why()) : answered.why();
  if (!answered->is_ok)
    return at::failure{answered->code, "The modem refuses a new handshake: " +
                                           std::string(at::describe(answered->code)) + "."};
  return wait_for_outcome(deadline);
}

void socket::close(bool is_silent, time_point deadline) {
  is_connected_ = false;
  bound_.reset();
  arrived_.clear();
  if (channel_ && is_open_) {
    is_open_ = false;
    const auto line = at::format_close({id, is_silent}) + "\r";
    if (channel_->write(line, deadline) || !channel_->finish_command(deadline)) forget_channel();
  }
  collect();
  arrived_.clear();
  has_lost_events_ = false;
  tell_readiness();
}

at::result<std::map<std::string, std::string>> socket::info(time_point deadline) {
  if (!channel_ || !is_open_) return not_connected();
  const auto answered = ask(at::format_info({id}) + "\r", deadline);
  collect();
  if (!answered) return answered.why();
  return read_info(*answered);
}

std::map<std::string, std::string> socket::read_info(const answer& told) {
  std::map<std::string, std::string> found;
  for (const auto& line : told.lines) {
    // #TINFO: 1,"key",value
    const auto start = line.line.find('"');
    const auto end = line.line.find("\",", start + 1);
    if (start == std::string::npos || end == std::string::npos) continue;
    found.emplace(line.line.substr(start + 1, end - start - 1), line.line.substr(end + 2));
  }
  return found;
}

}  // namespace tlsmodem::client

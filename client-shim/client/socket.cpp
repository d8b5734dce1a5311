#include "socket.hpp"

#include "protocol/commands/connect.hpp"
#include "protocol/commands/session.hpp"
#include "protocol/commands/shut.hpp"

#include <poll.h>

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
// systemd starts a daemon again within a second; behind this the application is told.
constexpr auto reattach_limit = 5s;
constexpr auto between_attempts = 20ms;

at::failure not_connected() { return {at::error::not_connected, "The socket is not connected."}; }

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
// goes on with `commands`. The commands of a line are joined, so that the first failure ends all of them: a
// socket must not be opened with less than was asked for.
socket::script socket::prepare(std::string_view commands) const {
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
  if (!commands.empty()) add(commands);
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

std::optional<at::failure> socket::run(std::string_view commands, time_point deadline) {
  deadline = std::min(deadline, std::chrono::steady_clock::now() + command_limit);
  refused_ = refused::nothing;
  if (auto wrong = open_channel(deadline)) return wrong;
  auto all = prepare(commands);
  if (all.is_too_long) {
    if (auto wrong = configure_one_by_one(deadline)) {
      forget_channel();
      return wrong;
    }
    all = prepare(commands);
  }
  if (auto wrong = channel_->write({all.text.data(), all.text.size()}, deadline))
    return lost(std::move(*wrong));
  std::optional<at::failure> first;
  for (const auto& step : all.steps) {
    const auto answered = channel_->finish_command(deadline);
    if (!answered) return lost(answered.why());
    if (answered->is_ok || step.may_fail || first) continue;
    first = explain(answered->code, step.part);
    refused_ = step.part;
  }
  collect();
  if (first) {
    forget_channel();  // half configured, it is of no use
    return first;
  }
  has_credentials_ = true;
  has_options_ = true;
  is_fresh_ = !is_open_ && commands.empty();
  is_open_ = true;
  return std::nullopt;
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
  channel_.reset();
  has_credentials_ = false;
  has_options_ = false;
  is_open_ = false;
  is_connected_ = false;
  bound_.reset();
  readiness_.set_buffered(!arrived_.empty());
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
  return is_open_ ? std::nullopt : run({}, deadline);
}

std::optional<at::failure> socket::bind(const std::string& address, std::uint16_t port, time_point deadline) {
  if (is_connected_) return at::failure{at::error::not_allowed, "The socket is connected."};
  make_way(deadline);
  const at::bind_request wanted{id, address, port};
  auto wrong = run(at::format(wanted).substr(2), deadline);
  bound_ = wrong ? std::nullopt : std::optional(wanted);
  return wrong;
}

at::result<at::up_event> socket::connect(const target& to, time_point deadline) {
  if (is_connected_) return {at::error::not_allowed, "The socket is connected."};
  arrived_.clear();
  auto before = std::exchange(handle_, {});
  auto up = connect_again(to, deadline);
  if (!up && handle_.empty()) handle_ = std::move(before);
  return up;
}

at::result<at::up_event> socket::connect_again(const target& to, time_point deadline) {
  alert_ = -1;
  outcome_.reset();
  std::string commands;
  // A socket has the options that it was opened with; a new one takes the place of a bound one where it is.
  if (is_open_ && !has_options_) {
    if (bound_) commands = at::format(*bound_).substr(2) + ";";
    close(true, deadline);
  }
  if (!to.handle.empty()) commands += at::format(at::resume_request{id, to.handle}).substr(2) + ";";
  commands += at::format(at::connect_request{id, to.host, to.port, to.preferred_address}).substr(2);
  if (auto wrong = run(commands, deadline)) return std::move(*wrong);
  auto up = wait_for_outcome(deadline);
  target_ = to;
  return up;
}

at::result<at::up_event> socket::wait_for_outcome(time_point deadline) {
  while (!outcome_) {
    auto event = channel_->next_event(deadline);
    if (!event) {
      close(true, std::chrono::steady_clock::now());
      return lost(event.why());
    }
    note(std::move(*event));
  }
  collect();
  return *std::exchange(outcome_, std::nullopt);
}

at::result<at::up_event> socket::rehandshake(time_point deadline) {
  if (!is_connected_) return not_connected();
  alert_ = -1;
  outcome_.reset();
  const auto answered =
      channel_->command("AT" + at::format(at::rehandshake_request{id, true}).substr(2) + "\r",
                        std::min(deadline, std::chrono::steady_clock::now() + command_limit));
  if (!answered) return lost(answered.why());
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
  readiness_.set_buffered(false);
}

at::result<std::map<std::string, std::string>> socket::info(time_point deadline) {
  if (!channel_ || !is_open_) return not_connected();
  const auto answered = channel_->command(at::format_info({id}) + "\r", deadline);
  collect();
  if (!answered) return answered.why();
  std::map<std::string, std::string> found;
  for (const auto& line : answered->lines) {
    // #TINFO: 1,"key",value
    const auto start = line.line.find('"');
    const auto end = line.line.find("\",", start + 1);
    if (start == std::string::npos || end == std::string::npos) continue;
    found.emplace(line.line.substr(start + 1, end - start - 1), line.line.substr(end + 2));
  }
  return found;
}

// ---- a modem that went away

// Only a DTLS association can be continued by another process: UDP needs none, a TCP connection cannot be
// handed on.
bool socket::can_continue() const { return protocol_ == "dtls" && is_connected_ && !handle_.empty(); }

// The peer finds it under any address then, unless it declined.
bool socket::asks_for_connection_id() const {
  return std::any_of(options_.begin(), options_.end(), [](const option& one) {
    return one.name == "cid" && !one.values.empty() && one.values.front().text != "off";
  });
}

// The new modem has the association, so that a connect would continue it. A handshake in vain would be worse
// than none: the peer may take it for the end of what it has.
bool socket::is_association_there(const std::string& handle, time_point deadline) {
  const auto answered = channel_->command("AT#TSESS?\r", deadline);
  if (!answered) return false;
  return std::any_of(answered->lines.begin(), answered->lines.end(), [&](const at::item& line) {
    const auto listed = at::parse_listed_session(line.line);
    return listed && listed->handle == handle && listed->kind == at::session_kind::association;
  });
}

// Looks for the modem that takes the place of the one that is gone, and asks it to go on with the
// association. False when there is none in time, or it had to make a new one: that is not what the
// application is connected to.
bool socket::reattach() {
  drain_channel();
  if (!can_continue()) return false;
  const auto deadline = std::chrono::steady_clock::now() + reattach_limit;
  const auto local = up_;
  const target to{target_.host, target_.port, up_.remote_address, handle_};
  forget_channel();
  while (auto wrong = open_channel(deadline)) {
    if (wrong->code == at::error::permission_denied || std::chrono::steady_clock::now() >= deadline)
      return false;
    ::poll(nullptr, 0, static_cast<int>(between_attempts.count()));
  }
  if (!is_association_there(to.handle, deadline)) return false;
  auto before = std::exchange(arrived_, {});
  bool is_continued = false;
  const auto wrong = bind(local.local_address, local.local_port, deadline);
  const bool is_address_gone = wrong && wrong->code == at::error::incorrect_parameters;
  if (!wrong || (is_address_gone && asks_for_connection_id())) {
    const auto up = connect_again(to, deadline);
    is_continued = up && up->how == 2;
  }
  if (!is_continued) close(true, std::chrono::steady_clock::now() + between_attempts);
  arrived_.insert(arrived_.begin(), std::make_move_iterator(before.begin()),
                  std::make_move_iterator(before.end()));
  readiness_.set_buffered(!arrived_.empty());
  return is_continued;
}

}  // namespace tlsmodem::client

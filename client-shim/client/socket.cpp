#include "socket.hpp"

#include "protocol/commands/bind.hpp"
#include "protocol/commands/connect.hpp"
#include "protocol/commands/session.hpp"
#include "protocol/commands/shut.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace tlsmodem::client {
namespace {

// The only socket of its channel gets the lowest id.
constexpr int id = 1;

at::failure not_connected() { return {at::error::not_connected, "The socket is not connected."}; }

at::failure explain(at::error code, std::string_view step) {
  return {code, "The modem refuses " + std::string(step) + ": " + std::string(at::describe(code)) + "."};
}

// A line of an option is joined to the one before, so that the first failure ends all of them: a socket must
// not be opened with less than was asked for.
std::string option_commands(const std::vector<option>& options) {
  std::string commands;
  for (const auto& one : options) {
    at::cfg_request request{0, one.name, one.values};
    commands += (commands.empty() ? "AT" : ";") + at::format(request).substr(2);
  }
  return commands;
}

void append(wiped_string& text, std::string_view more) { text.append(more.data(), more.size()); }

void append_credential(wiped_string& text, const credential& one) {
  at::credential_request request{
      at::credential_operation::write, one.tag, one.type, one.content.size(), true, {}};
  if (one.password) request.password.emplace(one.password->data(), one.password->size());
  auto line = at::format(request);
  append(text, line);
  append(text, "\r");
  append(text, {one.content.data(), one.content.size()});
  wipe(line);
  if (request.password) wipe(*request.password);
}

at::failure as_failure(const at::down_event& down) {
  switch (down.cause) {
    case at::down_cause::alert:
      return {at::error::alert_received, down.text};
    case at::down_cause::radio_off:
      return {at::error::no_network, down.text};
    default:
      return {at::error::connection_reset, down.text};
  }
}

}  // namespace

std::string default_socket_path() {
  const char* const named = std::getenv("TLSMODEM_SOCKET");
  return named != nullptr && *named != '\0' ? named : "/run/tlsmodemd/at.sock";
}

socket::socket(configuration config, std::string path) : config_(std::move(config)), path_(std::move(path)) {
  for (const auto& one : config_.options)
    if (one.name == "proto" && !one.values.empty())
      is_stream_ = one.values.front().text == "tls" || one.values.front().text == "tcp";
}

// ---- commands

// What brings the channel from where it is to a socket that is open, in lines that all answer; the last line
// goes on with `commands`.
socket::script socket::prepare(std::string_view commands) const {
  script all;
  if (!is_configured_) {
    append(all.text, "AT#TPROMPT=0\r");
    all.steps.emplace_back("its settings");
    for (const auto& one : config_.credentials) {
      append_credential(all.text, one);
      all.steps.emplace_back("a credential");
    }
  }
  std::string line = is_configured_ ? "" : option_commands(config_.options);
  const auto add = [&line](std::string_view command) { (line += line.empty() ? "AT" : ";") += command; };
  if (!is_open_) add("#TOPEN=0");
  if (!commands.empty()) add(commands);
  if (line.empty()) return all;
  all.is_too_long = line.size() > at::max_line_bytes;
  append(all.text, line + "\r");
  all.steps.emplace_back("the socket");
  return all;
}

std::optional<at::failure> socket::run(std::string_view commands, time_point deadline) {
  if (auto wrong = open_channel(deadline)) return wrong;
  const auto all = prepare(commands);
  if (all.is_too_long) {
    forget_channel();
    return at::failure{at::error::string_too_long, "The options do not fit a command line."};
  }
  if (auto wrong = channel_->write({all.text.data(), all.text.size()}, deadline))
    return lost(std::move(*wrong));
  std::optional<at::failure> first;
  for (const auto& step : all.steps) {
    const auto answered = channel_->finish_command(deadline);
    if (!answered) return lost(answered.why());
    if (!answered->is_ok && !first) first = explain(answered->code, step);
  }
  collect();
  if (first) {
    forget_channel();  // half configured, it is of no use
    return first;
  }
  is_configured_ = true;
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
  is_configured_ = false;
  is_open_ = false;
  is_connected_ = false;
  readiness_.set_buffered(!arrived_.empty());
}

at::failure socket::lost(at::failure why) {
  forget_channel();
  return why;
}

std::optional<at::failure> socket::bind(const std::string& address, std::uint16_t port, time_point deadline) {
  if (is_connected_) return at::failure{at::error::not_allowed, "The socket is connected."};
  if (is_open_) close(true, deadline);
  return run(at::format(at::bind_request{id, address, port}).substr(2), deadline);
}

at::result<at::up_event> socket::connect(const target& to, time_point deadline) {
  if (is_connected_) return {at::error::not_allowed, "The socket is connected."};
  alert_ = -1;
  arrived_.clear();
  outcome_.reset();
  std::string commands;
  if (!to.handle.empty()) commands = at::format(at::resume_request{id, to.handle}).substr(2) + ";";
  commands += at::format(at::connect_request{id, to.host, to.port, to.preferred_address}).substr(2);
  if (auto wrong = run(commands, deadline)) return std::move(*wrong);
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

void socket::close(bool is_silent, time_point deadline) {
  is_connected_ = false;
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

// ---- data

std::optional<at::failure> socket::send(bytes_view data, time_point deadline) {
  if (!is_connected_) return not_connected();
  const std::size_t most = is_stream_ ? at::max_payload_bytes : at::max_datagram_bytes;
  if (!is_stream_ && data.size() > most)
    return at::failure{at::error::message_too_long, "A datagram carries at most 16384 bytes."};
  do {
    const auto piece = data.first(std::min(data.size(), most));
    data = data.subspan(piece.size());
    std::string text = "AT#TSEND=" + std::to_string(id) + "," + std::to_string(piece.size()) + ",1\r";
    text += as_text(piece);
    if (auto wrong = channel_->write(text, deadline)) {
      // Part of a line may be out: nothing can follow it.
      return lost(std::move(*wrong));
    }
  } while (!data.empty());
  collect();
  return std::nullopt;
}

at::result<received> socket::receive(std::span<std::uint8_t> into, time_point deadline) {
  while (arrived_.empty()) {
    if (!channel_ || !is_connected_) return not_connected();
    auto event = channel_->next_event(deadline);
    if (!event) {
      if (event.why().code == at::error::handshake_timeout) return event.why();
      return lost(event.why());
    }
    note(std::move(*event));
    collect();
  }
  auto taken = take_first(into);
  readiness_.set_buffered(!arrived_.empty());
  return taken;
}

at::result<received> socket::take_first(std::span<std::uint8_t> into) {
  auto& front = arrived_.front();
  if (front.failure) {
    const auto why = std::move(*front.failure);
    alert_ = front.alert;
    arrived_.pop_front();
    return why;
  }
  if (front.is_end) {
    arrived_.pop_front();
    return received{0, false, true};
  }
  const auto left = bytes_view(front.data).subspan(front.taken);
  const auto size = std::min(left.size(), into.size());
  std::copy_n(left.begin(), size, into.begin());
  front.taken += size;
  const bool is_used_up = size == left.size();
  const received result{size, !is_stream_ && (front.is_truncated || !is_used_up), false};
  if (is_used_up || !is_stream_) arrived_.pop_front();
  return result;
}

// Takes what the channel holds already, so that the descriptor to poll tells the truth.
void socket::collect() {
  while (channel_ && channel_->has_buffered()) {
    auto event = channel_->next_event(std::chrono::steady_clock::now());
    if (!event) break;
    note(std::move(*event));
  }
  readiness_.set_buffered(!arrived_.empty());
}

void socket::note(at::item event) {
  if (const auto frame = at::parse_received(event.line)) {
    arrived_.push_back({std::move(event.payload), 0, frame->is_truncated, false, {}, -1});
  } else if (auto up = at::parse_up(event.line)) {
    is_connected_ = true;
    outcome_ = std::move(*up);
  } else if (const auto failed = at::parse_fail(event.line)) {
    alert_ = failed->alert;
    outcome_ = at::failure{failed->code, failed->text};
  } else if (const auto key = at::parse_key(event.line)) {
    handle_ = key->handle;
  } else if (const auto down = at::parse_down(event.line)) {
    is_connected_ = false;
    arrival last;
    last.is_end = down->cause == at::down_cause::peer_closed;
    if (!last.is_end) last.failure = as_failure(*down);
    last.alert = down->alert;
    arrived_.push_back(std::move(last));
  } else if (const auto error = at::parse_error(event.line)) {
    arrival told;
    told.failure = explain(error->code, "a datagram");
    arrived_.push_back(std::move(told));
  }
}

}  // namespace tlsmodem::client

// What a socket does about a modem that goes away, and about what it failed to tell.
#include "protocol/commands/session.hpp"
#include "protocol/socket_state.hpp"
#include "protocol/value.hpp"
#include "socket.hpp"

#include <algorithm>
#include <utility>

namespace tlsmodem::client {
namespace {

using namespace std::chrono_literals;

// The only socket of its channel gets the lowest id.
constexpr int id = 1;
constexpr auto close_limit = 20ms;
constexpr auto snapshot_limit = 5s;

// A modem that says so may answer otherwise a moment later: channels and sockets of others are just ending.
bool is_busy(at::error code) { return code == at::error::limit_reached; }

at::failure events_lost() {
  return {at::error::connection_reset, "The modem lost what it had to tell about the end of the connection."};
}

// Of an answer of AT#TINFO.
std::vector<at::value> values_of(const std::map<std::string, std::string>& info, const char* key) {
  const auto found = info.find(key);
  if (found == info.end()) return {};
  auto values = at::parse_values(found->second);
  return values ? std::move(*values) : std::vector<at::value>{};
}

std::string text_of(const std::map<std::string, std::string>& info, const char* key) {
  const auto values = values_of(info, key);
  return values.empty() ? std::string() : values.front().text;
}

at::up_event up_of(const std::map<std::string, std::string>& info) {
  at::up_event up{id, 0, text_of(info, "version"), text_of(info, "suite"), {}, 0, {}, 0};
  if (const auto how = values_of(info, "how"); !how.empty()) up.how = static_cast<int>(how.front().number);
  const auto address = [&info](const char* key, std::string& host, std::uint16_t& port) {
    const auto values = values_of(info, key);
    if (values.size() < 2) return;
    host = values[0].text;
    port = static_cast<std::uint16_t>(values[1].number);
  };
  address("remote", up.remote_address, up.remote_port);
  address("local", up.local_address, up.local_port);
  return up;
}

}  // namespace

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
// than none: the peer may take it for the end of what it has. Unset when the modem did not answer.
std::optional<bool> socket::is_association_there(const std::string& handle, time_point deadline) {
  const auto answered = channel_->command("AT#TSESS?\r", deadline);
  if (!answered || (!answered->is_ok && is_busy(answered->code))) return std::nullopt;
  return std::any_of(answered->lines.begin(), answered->lines.end(), [&](const at::item& line) {
    const auto listed = at::parse_listed_session(line.line);
    return listed && listed->handle == handle && listed->kind == at::session_kind::association;
  });
}

// All on one channel: what a modem said about its sessions is nothing that the next one has said.
socket::attempt socket::attempt_to_continue(const continuation& what, time_point deadline) {
  forget_channel();
  arrived_.clear();
  outcome_.reset();
  if (open_channel(deadline)) return attempt::unanswered;
  const auto is_there = is_association_there(what.to.handle, deadline);
  if (!is_there) return attempt::unanswered;
  if (!*is_there) return attempt::refused;
  if (what.local) {
    const auto wrong = run_once({{}, at::format(*what.local).substr(2)}, deadline);
    if (wrong && (is_unanswered_ || is_busy(wrong->code))) return attempt::unanswered;
    const bool is_address_gone = wrong && wrong->code == at::error::incorrect_parameters;
    if (is_address_gone && asks_for_connection_id()) return attempt::without_address;
    if (wrong) return attempt::refused;
  }
  const auto wrong = run_once(connect_commands(what.to), deadline);
  if (wrong) return is_unanswered_ || is_busy(wrong->code) ? attempt::unanswered : attempt::refused;
  const auto up = wait_for_outcome(deadline);
  if (up) return up->how == 2 ? attempt::continued : attempt::refused;
  // Only a modem that stops aborts it.
  const bool is_stopping = up.why().code == at::error::aborted;
  return is_unanswered_ || is_stopping || is_busy(up.why().code) ? attempt::unanswered : attempt::refused;
}

// Looks for the modem that takes the place of the one that is gone, and asks it to go on with the
// association. False when there is none in time, or it had to make a new one: that is not what the
// application is connected to.
//
// A process that was killed takes a while to end, and connects still succeed meanwhile: they wait in the
// queue of its listening socket and are reset with it. So a channel that ends before its answer, wherever
// that is, is no answer, and the next modem is looked for as if none had been there.
bool socket::reattach() {
  drain_channel();
  if (!can_continue()) return false;
  const auto deadline = std::chrono::steady_clock::now() + restart_limit;
  continuation what{{target_.host, target_.port, up_.remote_address, handle_},
                    at::bind_request{id, up_.local_address, up_.local_port}};
  auto before = std::exchange(arrived_, {});
  auto how = attempt::unanswered;
  do {
    how = attempt_to_continue(what, deadline);
    if (how == attempt::without_address) what.local.reset();
    if (how == attempt::unanswered) handle_ = what.to.handle;  // whatever the one that died made of it
  } while (how == attempt::without_address ||
           (how == attempt::unanswered && pause_before_next_attempt(deadline)));
  if (how != attempt::continued) close(true, std::chrono::steady_clock::now() + close_limit);
  arrived_.insert(arrived_.begin(), std::make_move_iterator(before.begin()),
                  std::make_move_iterator(before.end()));
  tell_readiness();
  return how == attempt::continued;
}

// A command that any modem can answer that goes on with the association.
at::result<answer> socket::ask(std::string_view line, time_point deadline) {
  for (;;) {
    auto answered = channel_->command(line, deadline);
    const bool is_gone = !answered && answered.why().code == at::error::connection_reset;
    if (!is_gone || !can_continue()) return answered;
    if (!reattach()) {
      // The caller may not care; whoever polls has to hear of it.
      forget_channel();
      arrived_.push_back({{}, 0, false, false, answered.why(), -1});
      tell_readiness();
      return answered;
    }
  }
}

// ---- events that were lost

// The channel brings what the modem has to tell in order, and so this is the state after all of that.
std::optional<at::failure> socket::make_up_for_lost_events() {
  const auto told =
      channel_->command(at::format_info({id}) + "\r", std::chrono::steady_clock::now() + snapshot_limit);
  if (!told) return told.why();
  has_lost_events_ = false;
  compare_with(read_info(*told));
  collect();
  return std::nullopt;
}

void socket::compare_with(const std::map<std::string, std::string>& info) {
  const auto state = text_of(info, "state");
  const auto is = [&state](at::socket_state which) { return state == at::name_of(which); };
  if (const auto newest = text_of(info, "handle"); !newest.empty()) handle_ = newest;
  const bool was_connected = is_connected_;
  // Closing: what came is still on its way, and the end comes after it.
  is_connected_ = is(at::socket_state::connected) || (was_connected && is(at::socket_state::closing));
  if (awaits_outcome_ && !outcome_ && !is(at::socket_state::connecting)) {
    if (is_connected_ && !was_connected) up_ = up_of(info);
    outcome_ = is_connected_ && !was_connected ? at::result<at::up_event>(up_) : events_lost();
  } else if (was_connected && !is_connected_) {
    arrived_.push_back({{}, 0, false, false, events_lost(), -1});
  }
}

}  // namespace tlsmodem::client

// What a connected socket sends and receives, and the events that its channel brings.
#include "protocol/limits.hpp"
#include "socket.hpp"

#include <algorithm>
#include <utility>

namespace tlsmodem::client {
namespace {

at::failure not_connected() { return {at::error::not_connected, "The socket is not connected."}; }

at::failure nothing_came() { return {at::error::handshake_timeout, "Nothing came in time."}; }

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

// AT#TSEND with the flag "quiet" and its payload.
std::string send_command(bytes_view piece) {
  std::string text = "AT#TSEND=1," + std::to_string(piece.size()) + ",1\r";
  text += as_text(piece);
  return text;
}

}  // namespace

std::optional<at::failure> socket::send(bytes_view data, time_point deadline) {
  if (!is_connected_) return not_connected();
  const std::size_t most = is_stream() ? at::max_payload_bytes : at::max_datagram_bytes;
  if (!is_stream() && data.size() > most)
    return at::failure{at::error::message_too_long, "A datagram carries at most 16384 bytes."};
  do {
    const auto piece = data.first(std::min(data.size(), most));
    data = data.subspan(piece.size());
    const auto text = send_command(piece);
    auto wrong = channel_->write(text, deadline);
    while (wrong && wrong->code == at::error::connection_reset && reattach())
      wrong = channel_->write(text, deadline);
    if (!wrong) continue;
    collect();  // what came before can still be received
    // A datagram may be lost, a part of a stream not.
    if (wrong->code == at::error::handshake_timeout && !is_stream()) return wrong;
    return lost(std::move(*wrong));
  } while (!data.empty());
  collect();
  return std::nullopt;
}

at::result<received> socket::receive(std::span<std::uint8_t> into, time_point deadline) {
  while (arrived_.empty()) {
    if (!channel_ || !is_connected_) {
      // The descriptor must not stay readable for what nobody is going to receive.
      if (!drain_channel()) forget_channel();
      has_lost_events_ = false;
      tell_readiness();
      return not_connected();
    }
    const auto wrong = has_lost_events_ ? make_up_for_lost_events() : await_event(deadline);
    if (!wrong) continue;
    if (wrong->code == at::error::handshake_timeout) return *wrong;
    if (wrong->code != at::error::connection_reset || !reattach()) return lost(*wrong);
    if (arrived_.empty() && std::chrono::steady_clock::now() >= deadline) return nothing_came();
  }
  auto taken = take_first(into);
  tell_readiness();
  return taken;
}

std::optional<at::failure> socket::await_event(time_point deadline) {
  auto event = channel_->next_event(deadline);
  if (!event) return event.why();
  note(std::move(*event));
  collect();
  return std::nullopt;
}

// Takes all that the channel has brought so far. False when it has ended.
bool socket::drain_channel() {
  while (channel_) {
    auto event = channel_->next_event(std::chrono::steady_clock::now());
    if (!event) return event.why().code == at::error::handshake_timeout;
    note(std::move(*event));
  }
  return true;
}

bool socket::has_buffered_data() const {
  return !arrived_.empty() && !arrived_.front().is_end && !arrived_.front().failure;
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
    const received end{0, front.is_truncated, true};
    arrived_.pop_front();
    return end;
  }
  const auto left = bytes_view(front.data).subspan(front.taken);
  const auto size = std::min(left.size(), into.size());
  std::copy_n(left.begin(), size, into.begin());
  front.taken += size;
  const bool is_used_up = size == left.size();
  const received result{size, !is_stream() && (front.is_truncated || !is_used_up), false};
  if (is_used_up || !is_stream()) arrived_.pop_front();
  return result;
}

// Takes what the channel holds already, so that the descriptor to poll tells the truth.
void socket::collect() {
  while (channel_ && channel_->has_buffered()) {
    auto event = channel_->next_event(std::chrono::steady_clock::now());
    if (!event) break;
    note(std::move(*event));
  }
  tell_readiness();
}

// Somebody has to call: for what arrived, or to ask for what was lost.
void socket::tell_readiness() { readiness_.set_buffered(!arrived_.empty() || has_lost_events_); }

void socket::note(at::item event) {
  if (const auto frame = at::parse_received(event.line)) {
    arrived_.push_back({std::move(event.payload), 0, frame->is_truncated, false, {}, -1});
  } else if (auto up = at::parse_up(event.line)) {
    is_connected_ = true;
    up_ = *up;
    outcome_ = std::move(*up);
  } else if (const auto failed = at::parse_fail(event.line)) {
    alert_ = failed->alert;
    outcome_ = at::failure{failed->code, failed->text};
  } else if (const auto key = at::parse_key(event.line)) {
    handle_ = key->handle;
  } else if (const auto down = at::parse_down(event.line)) {
    // The end of the channel follows, and then the next modem is asked to go on.
    if (down->cause == at::down_cause::stopping && can_continue()) return;
    is_connected_ = false;
    arrival last;
    last.is_truncated = down->cause == at::down_cause::truncated;
    last.is_end = last.is_truncated || down->cause == at::down_cause::peer_closed;
    if (!last.is_end) last.failure = as_failure(*down);
    last.alert = down->alert;
    arrived_.push_back(std::move(last));
  } else if (const auto error = at::parse_error(event.line)) {
    arrival told;
    told.failure = at::failure{
        error->code, std::string("A datagram was not sent: ") + std::string(at::describe(error->code)) + "."};
    arrived_.push_back(std::move(told));
  } else if (at::is_lost(event.line)) {
    has_lost_events_ = true;
  }
}

}  // namespace tlsmodem::client

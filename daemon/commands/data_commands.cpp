// AT#TSEND and AT#TRECV.
#include "modem.hpp"
#include "protocol/commands/receive.hpp"

namespace tlsmodem {

using at::error;
using at::outcome;

outcome modem::send(const at::request& what) {
  const auto request = at::parse_send(what.values);
  if (!request) return outcome::failed(request.why());
  const auto socket = find(what.command, request->id);
  if (!socket) return finish_send(*request, socket.why());
  return try_send(*request, what.payload, *socket);
}

outcome modem::try_send(const at::send_request& request, bytes_view payload, const driver& socket) {
  const auto attempt = [&] {
    return socket->operate(
        [&](socket_machine& machine, auto now) { return machine.send(payload, request.is_last, now); });
  };
  auto sent = attempt();
  // What it has to wait for may have come about, or failed, while the attempt was settled: nobody would tell
  // again.
  if (sent.is == send_status::must_wait && socket->machine().state() == at::socket_state::connected &&
      socket->machine().can_send())
    sent = attempt();
  if (sent.is == send_status::failed) return finish_send(request, sent.why);
  if (sent.is == send_status::accepted) return finish_send(request, std::nullopt);
  if (socket->machine().state() != at::socket_state::connected)
    return finish_send(request, at::failure{error::not_connected, "The connection ended meanwhile."});
  // A full stream makes the client wait. If this command also holds back the events that would carry what the
  // peer sends, the peer may be waiting for us in its turn: then only the client can untie the knot.
  if (!request.is_quiet && !socket->machine().wants_input())
    return outcome::failed(
        {error::would_overflow, "The peer does not read, and unread data waits for the client."});
  waiting_send_ = waiting_send{request, bytes(payload.begin(), payload.end())};
  return request.is_quiet ? outcome::pending_silently() : outcome::pending();
}

// With the quiet flag nobody waits for a final result code; a failure becomes an event.
outcome modem::finish_send(const at::send_request& request, std::optional<at::failure> wrong) {
  if (!request.is_quiet) return wrong ? outcome::failed(std::move(*wrong)) : outcome::done();
  if (wrong) on_socket_event(at::format(at::error_event{request.id, wrong->code}), std::move(wrong->text));
  return outcome::silent();
}

void modem::retry_send() {
  auto waiting = std::exchange(waiting_send_, std::nullopt);
  const auto found = sockets_.find(waiting->request.id);
  outcome done = outcome::done();
  if (found == sockets_.end() || found->second->machine().state() != at::socket_state::connected) {
    done =
        finish_send(waiting->request, at::failure{error::not_connected, "The socket was closed meanwhile."});
  } else if (!found->second->machine().can_send() &&
             (waiting->request.is_quiet || found->second->machine().wants_input())) {
    waiting_send_ = std::move(waiting);
    return;
  } else {
    const auto socket = found->second;  // what the attempt leads to may take it from the map
    done = try_send(waiting->request, waiting->payload, socket);
  }
  wipe(waiting->payload);
  server_->complete(std::move(done));
}

outcome modem::receive(const at::request& what, at::response& answer) {
  const auto request = at::parse_receive(what.values);
  if (!request) return outcome::failed(request.why());
  const auto socket = find(what.command, request->id);
  if (!socket) return outcome::failed(socket.why());
  const auto& machine = (*socket)->machine();
  if (machine.options().delivery != delivery_mode::pull)
    return outcome::failed(
        {error::not_allowed, "The socket pushes its data; its option delivery is not pull."});
  if (machine.received().empty()) {
    answer.frame(at::format(at::receive_answer{request->id, 0, 0, false}), {});
    return outcome::done();
  }
  (*socket)->take(request->max_bytes, [&](const receive_queue::frame& frame) {
    answer.frame(at::format(at::receive_answer{request->id, frame.data.size(),
                                               machine.received().unread_bytes(), frame.is_truncated}),
                 frame.data);
  });
  return outcome::done();
}

}  // namespace tlsmodem

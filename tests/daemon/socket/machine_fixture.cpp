#include "machine_fixture.hpp"

namespace tlsmodem::test {

void fake_engine::feed(bytes_view data, tls::time_point) {
  if (is != tls::engine_state::handshaking && is != tls::engine_state::established) return;
  switch (data.empty() ? '-' : static_cast<char>(data.front())) {
    case 'H':
      about.server_answered = true;
      break;
    case 'F':
      about.server_answered = true;
      about.session_declined = true;
      break;
    case 'R':
      about.resumed = true;
      [[fallthrough]];
    case 'U':
      is = tls::engine_state::established;
      about.server_answered = true;
      about.version = "FAKE";
      about.suite = "FAKE_SUITE";
      break;
    case 'C':
      is = tls::engine_state::peer_closed;
      about.alert_received = tls::alert{1, 0};
      break;
    case 'A':
      is = tls::engine_state::failed;
      why = {{at::error::alert_received, "The peer sent an alert."}, 40, false};
      break;
    case 'D':
      is = tls::engine_state::failed;
      why = {{at::error::integrity_failure, "A record is damaged."}, -1, false};
      break;
    default:
      if (is == tls::engine_state::established) in.push(data);
  }
}

void fake_engine::feed_end(tls::time_point) {
  if (is != tls::engine_state::handshaking && is != tls::engine_state::established) return;
  is = tls::engine_state::failed;
  why = {{at::error::connection_reset, "The stream was cut."}, -1, true};
}

tls::send_outcome fake_engine::send(bytes_view data, tls::time_point) {
  if (is != tls::engine_state::established && is != tls::engine_state::peer_closed)
    return tls::send_outcome::not_connected;
  if (answer == tls::send_outcome::ok) out.push(data);
  if (answer == tls::send_outcome::failed) is = tls::engine_state::failed;
  return answer;
}

void fake_engine::shut(tls::time_point) {
  if (is != tls::engine_state::established && is != tls::engine_state::peer_closed) return;
  out.push(as_bytes("bye"));
  about.alert_sent = tls::alert{1, 0};
}

profile profile_of(socket_protocol protocol, delivery_mode delivery) {
  profile made;
  made.protocol = protocol;
  made.delivery = delivery;
  return made;
}

std::string text_of(const socket_action& action) {
  struct visitor {
    std::string operator()(const resolve_name& what) const { return "resolve " + what.host; }
    std::string operator()(const open_transport& what) const {
      const auto from = what.local.port != 0 ? " from " + text(what.local) : "";
      return prefix(what.in) + "open " + text(what.remote) + from;
    }
    std::string operator()(const receive_from_anywhere&) const { return "receive from anywhere"; }
    std::string operator()(const move_transport& what) const { return "move to " + text(what.remote); }
    std::string operator()(const rebind_transport& what) const { return "rebind to " + text(what.remote); }
    std::string operator()(const end_sending&) const { return "end"; }
    std::string operator()(const close_transport& what) const {
      return prefix(what.in) + "close" + patience(what.awaits_goodbye);
    }
    std::string operator()(const replace_transport& what) const {
      return "replace, unsent " + std::to_string(what.unsent.bytes()) + patience(what.awaits_goodbye);
    }
    static std::string patience(std::chrono::milliseconds for_goodbye) {
      if (for_goodbye.count() == 0) return "";
      return ", goodbye within " + std::to_string(for_goodbye.count()) + " ms";
    }
    static std::string text(const net::endpoint& e) { return e.address + ":" + std::to_string(e.port); }
    static std::string prefix(transport_slot slot) { return slot == transport_slot::next ? "next: " : ""; }
    std::string operator()(const emit_event& what) const { return what.line; }
    std::string operator()(const note_in_log& what) const { return "log: " + what.reason; }
  };
  return std::visit(visitor{}, action);
}

bench::bench(profile options, std::unique_ptr<socket_sessions> sessions)
    : machine(std::make_unique<socket_machine>(
          1, std::move(options),
          [this](const tls::peer_name& peer, std::size_t limit) {
            auto made = std::make_unique<fake_engine>();
            made->fails_to_start = next_engine_fails;
            engine = made.get();
            ++engines;
            asked_for = peer;
            asked_limit = limit;
            return made;
          },
          std::move(sessions))) {}

words bench::actions() {
  words texts;
  for (const auto& action : machine->take_actions()) {
    texts.push_back(text_of(action));
    if (std::holds_alternative<close_transport>(action) && machine->outgoing() != nullptr)
      machine->outgoing()->clear();
  }
  return texts;
}

void bench::connect(const std::string& host, const std::string& preferred) {
  machine->connect({1, host, 5684, preferred}, now);
}

void bench::resolve(std::vector<std::string> addresses) { machine->on_resolved(std::move(addresses), now); }

void bench::reach() {
  machine->on_transport_up({"198.51.100.7", 40000}, {"192.0.2.1", 5684},
                           machine->options().is_datagram() ? 1472 : 0, now);
}

void bench::reach_next() {
  machine->on_next_up({"198.51.100.7", 40001}, {"192.0.2.1", 5684},
                      machine->options().is_datagram() ? 1472 : 0, now);
}

void bench::come_up() {
  connect();
  resolve();
  reach();
  network("U");
  forget();
}

std::string bench::take(std::size_t max_bytes) {
  if (machine->received().empty()) return "(nothing)";
  const auto frame = machine->received().take(max_bytes);
  std::string data(as_text(frame.data));
  if (frame.is_truncated) data += " (cut)";
  machine->on_taken(now);
  return data;
}

}  // namespace tlsmodem::test

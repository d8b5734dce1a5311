// The commands on sessions: AT#TRESUME, #TREHS, #TSESS.
#include "modem.hpp"
#include "protocol/commands/session.hpp"

#include <set>

namespace tlsmodem {

using at::error;
using at::outcome;

outcome modem::resume(const at::request& what) {
  auto request = at::parse_resume(what.values);
  if (!request) return outcome::failed(request.why());
  const auto socket = find(what.command, request->id);
  if (!socket) return outcome::failed(socket.why());
  const bool is_taken = (*socket)->operate(
      [&](socket_machine& machine, auto) { return machine.use_handle(std::move(request->handle)); });
  if (is_taken) return outcome::done();
  return outcome::failed({error::not_allowed, "The socket is plain, or its option resume is 0."});
}

outcome modem::rehandshake(const at::request& what) {
  const auto request = at::parse_rehandshake(what.values);
  if (!request) return outcome::failed(request.why());
  const auto socket = find(what.command, request->id);
  if (!socket) return outcome::failed(socket.why());
  const auto wish = request->is_abbreviated ? handshake_wish::abbreviated : handshake_wish::full;
  auto wrong =
      (*socket)->operate([&](socket_machine& machine, auto now) { return machine.rehandshake(wish, now); });
  return wrong ? outcome::failed(std::move(*wrong)) : outcome::done();
}

outcome modem::list_or_forget_sessions(const at::request& what, at::response& answer) {
  if (what.is == at::form::read) {
    std::set<std::string> live;
    for (const auto& one : shared_.associations.list(user_)) {
      live.insert(one.handle);
      answer.line(at::format(at::listed_session{one.handle, one.host, one.port, one.version, one.suite,
                                                one.age.count(), one.expires_in.count(),
                                                at::session_kind::association}));
    }
    for (const auto& one : shared_.sessions.list(user_)) {
      if (live.contains(one.handle)) continue;  // one line for each handle: the best of what it names
      const auto kind = one.is_ticket ? at::session_kind::ticket : at::session_kind::session_id;
      answer.line(at::format(at::listed_session{one.handle, one.host, one.port, one.version, one.suite,
                                                one.age.count(), one.expires_in.count(), kind}));
    }
    return outcome::done();
  }
  const auto request = at::parse_forget(what.values);
  if (!request) return outcome::failed(request.why());
  if (!request->handle) {
    shared_.sessions.forget_all(user_);
    shared_.associations.forget_all(user_);
    return outcome::done();
  }
  const bool had_session = shared_.sessions.forget(user_, *request->handle);
  const bool had_association = shared_.associations.forget(user_, *request->handle);
  if (!had_session && !had_association) {
    return outcome::failed({error::not_found, "There is no session with this handle."});
  }
  return outcome::done();
}

}  // namespace tlsmodem

// The commands on sockets: AT#TOPEN, #TREOPEN, #TBIND, #TCONN, #TABORT, #TSHUT, #TCLOSE, #TINFO.
#include "daemon/socket/plain_engine.hpp"
#include "daemon/support/log.hpp"
#include "daemon/tls/internationalized_name.hpp"
#include "modem.hpp"
#include "protocol/commands/bind.hpp"
#include "protocol/commands/open.hpp"
#include "protocol/commands/shut.hpp"

#include <boost/asio/ip/address.hpp>

namespace tlsmodem {
namespace {

using at::error;
using at::outcome;

outcome to_outcome(std::optional<at::failure> wrong) {
  return wrong ? outcome::failed(std::move(*wrong)) : outcome::done();
}

socket_machine::engine_factory plain_factory(const profile& options) {
  const auto kind = options.is_datagram() ? plain_kind::datagram : plain_kind::stream;
  return [kind](const tls::peer_name&, std::size_t) { return make_plain_engine(kind); };
}

}  // namespace

at::result<modem::driver> modem::find(const at::command_info& command, int id) const {
  const auto found = sockets_.find(id);
  if (found == sockets_.end())
    return {error::invalid_index, "There is no socket " + std::to_string(id) + " on this channel."};
  const auto state = found->second->machine().state();
  if (command.states && !command.states->contains(state))
    return {at::wrong_state(state), std::string(command.name) + " is not possible while the socket is " +
                                        std::string(at::name_of(state)) + "."};
  return found->second;
}

outcome modem::open(const at::request& what, at::response& answer) {
  if (what.is == at::form::read) {
    for (const auto& [id, socket] : sockets_) {
      const auto& machine = socket->machine();
      answer.line(at::format_listed(id, name_of(machine.options().protocol), machine.state()));
    }
    return outcome::done();
  }
  const auto request = at::parse_open(what.values);
  if (!request) return outcome::failed(request.why());
  if (sockets_.size() >= shared_.config.max_sockets_per_channel ||
      shared_.open_sockets >= shared_.config.max_sockets)
    return outcome::failed({error::limit_reached, "There are too many open sockets."});
  const auto socket = make_socket(profiles_[static_cast<std::size_t>(request->profile)]);
  if (!socket) return outcome::failed(socket.why());
  const int id = (*socket)->machine().id();
  sockets_.emplace(id, *socket);
  ++shared_.open_sockets;
  answer.line(at::format_opened(id));
  return outcome::done();
}

at::result<modem::driver> modem::make_socket(const profile& options) {
  socket_machine::engine_factory factory;
  std::unique_ptr<socket_sessions> sessions;
  if (options.is_secure()) {
    const auto context_options = context_options_of(options);
    if (!context_options) return context_options.why();
    auto context = tls::build_context(*context_options);
    if (!context) return context.why();
    if (options.resume != resume_mode::never)
      sessions = std::make_unique<socket_sessions>(
          shared_.sessions, &shared_.associations,
          socket_sessions::configuration{user_, tls::fingerprint_of(**context), options.resume,
                                         options.keep});
    factory = [context = std::move(*context)](const tls::peer_name& peer, std::size_t path_limit_bytes) {
      return tls::make_engine(context, peer, path_limit_bytes);
    };
  } else {
    factory = plain_factory(options);
  }
  int id = 1;  // the lowest that is free
  while (sockets_.contains(id)) ++id;
  return std::make_shared<socket_driver>(
      shared_.io, shared_.resolver, *this,
      std::make_unique<socket_machine>(id, options, std::move(factory), std::move(sessions)));
}

outcome modem::reopen(const at::request& what) {
  const auto request = at::parse_socket_reference(what.values);
  if (!request) return outcome::failed(request.why());
  const auto socket = find(what.command, request->id);
  if (!socket) return outcome::failed(socket.why());
  (*socket)->reopen();
  return outcome::done();
}

outcome modem::bind(const at::request& what) {
  const auto request = at::parse_bind(what.values);
  if (!request) return outcome::failed(request.why());
  const auto socket = find(what.command, request->id);
  if (!socket) return outcome::failed(socket.why());
  const auto family = (*socket)->machine().options().family;
  std::string address = request->address;
  if (address.empty() || address == "*") address = family == net::address_family::v6 ? "::" : "0.0.0.0";
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(address, not_an_address);
  if (not_an_address)
    return outcome::failed({error::incorrect_parameters, at::quote(address) + " is no IP address."});
  return to_outcome((*socket)->bind({address, request->port}));
}

// What is let through of the past shall not go unnoticed by who runs the daemon.
void modem::tell_legacy(const socket_machine& machine, std::string_view host) const {
  const auto& options = machine.options();
  if (!options.is_secure() || !options.legacy.any()) return;
  std::string names;
  for (const auto& name : tls::names_of(options.legacy)) names += (names.empty() ? "" : ",") + name;
  log(level::warning, "a connect lets through what is weak",
      {{"uid", user_}, {"socket", machine.id()}, {"host", host}, {"legacy", names}});
}

outcome modem::connect(const at::request& what) {
  auto request = at::parse_connect(what.values);
  if (!request) return outcome::failed(request.why());
  const auto socket = find(what.command, request->id);
  if (!socket) return outcome::failed(socket.why());
  auto host = tls::to_a_labels(request->host);
  if (!host) return outcome::failed(host.why());
  request->host = std::move(*host);
  tell_legacy((*socket)->machine(), request->host);
  (*socket)->operate([&](socket_machine& machine, auto now) { machine.connect(*request, now); });
  return outcome::done();
}

outcome modem::abort(const at::request& what) {
  const auto request = at::parse_socket_reference(what.values);
  if (!request) return outcome::failed(request.why());
  const auto socket = find(what.command, request->id);
  if (!socket) return outcome::failed(socket.why());
  const bool is_aborted = (*socket)->operate(
      [](socket_machine& machine, auto now) { return machine.abort("The client aborted it.", now); });
  if (is_aborted) return outcome::done();
  return outcome::failed({error::not_allowed, "No handshake is on its way."});
}

outcome modem::shut(const at::request& what) {
  const auto request = at::parse_shut(what.values);
  if (!request) return outcome::failed(request.why());
  const auto socket = find(what.command, request->id);
  if (!socket) return outcome::failed(socket.why());
  const auto how = request->is_silent ? farewell::silent : farewell::spoken;
  (*socket)->operate([how](socket_machine& machine, auto now) { machine.shut(how, now); });
  return outcome::done();
}

outcome modem::close(const at::request& what) {
  const auto request = at::parse_shut(what.values);
  if (!request) return outcome::failed(request.why());
  const auto socket = find(what.command, request->id);
  if (!socket) return outcome::failed(socket.why());
  sockets_.erase(request->id);
  --shared_.open_sockets;
  (*socket)->release(request->is_silent ? farewell::silent : farewell::spoken);
  return outcome::done();
}

outcome modem::info(const at::request& what, at::response& answer) {
  const auto request = at::parse_socket_reference(what.values);
  if (!request) return outcome::failed(request.why());
  const auto socket = find(what.command, request->id);
  if (!socket) return outcome::failed(socket.why());
  for (const auto& [key, value] : (*socket)->machine().info())
    answer.line("#TINFO: " + std::to_string(request->id) + "," + at::quote(key) + "," + value);
  return outcome::done();
}

}  // namespace tlsmodem

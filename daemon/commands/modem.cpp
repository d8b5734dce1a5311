#include "modem.hpp"

#include "protocol/commands/cfg.hpp"

#include <algorithm>

namespace tlsmodem {

using at::outcome;

namespace {

// What one channel may make the daemon keep.
constexpr credential_limits limits_of_channel{64, std::size_t{1024} * 1024};

// Below the channel there are reasons ("no cipher suite fits"); AT+CEER tells sentences.
std::string ended(std::string reason) {
  if (!reason.empty() && !reason.ends_with('.') && !reason.ends_with('?')) reason += '.';
  return reason;
}

}  // namespace

modem::modem(services& shared, std::uint32_t user, std::function<void()> on_activity)
    : shared_(shared),
      user_(user),
      on_activity_(std::move(on_activity)),
      volatile_credentials_(limits_of_channel),
      life_(this, [](modem*) {}) {
  shared_.modems.insert(this);
  reset();
}

modem::~modem() { hang_up(); }

void modem::reset() { profiles_.fill(shared_.profiles.at(std::string(default_profile))); }

outcome modem::execute(const at::request& what, at::response& answer) {
  auto done = dispatch(what, answer);
  done.why.text = ended(std::move(done.why.text));
  return done;
}

outcome modem::dispatch(const at::request& what, at::response& answer) {
  using enum at::command_id;
  switch (what.command.id) {
    case identify:
      return this->identify(what, answer);
    case cfg:
      return configure(what, answer);
    case at::command_id::open:
      return this->open(what, answer);
    case at::command_id::reopen:
      return this->reopen(what);
    case at::command_id::bind:
      return this->bind(what);
    case at::command_id::connect:
      return this->connect(what);
    case at::command_id::abort:
      return this->abort(what);
    case at::command_id::send:
      return this->send(what);
    case at::command_id::receive:
      return this->receive(what, answer);
    case at::command_id::shut:
      return this->shut(what);
    case at::command_id::close:
      return this->close(what);
    case at::command_id::info:
      return this->info(what, answer);
    case at::command_id::resume:
      return this->resume(what);
    case at::command_id::rehandshake:
      return this->rehandshake(what);
    case network:
      return impair_network(what);
    case sessions:
      return list_or_forget_sessions(what, answer);
    case at::command_id::credential:
      return this->credential_command(what, answer);
    default:
      return outcome::failed({at::error::not_supported, "The command is not supported."});
  }
}

outcome modem::identify(const at::request& what, at::response& answer) {
  at::arguments values(what.values);
  values.number_or(0, 0, 9);
  if (auto wrong = values.finish()) return outcome::failed(std::move(*wrong));
  answer.line("tlsmodem");
  answer.line(TLSMODEM_VERSION);
  return outcome::done();
}

// ---- AT#TCFG

namespace {

// A client may send back each line as it is, so none is longer than a command.
void tell_option(at::response& answer, int number, std::string_view name,
                 const std::vector<at::value>& values) {
  if (!is_repeatable(name)) return answer.line(at::format_option(number, name, values));
  for (const auto& value : values) answer.line(at::format_option(number, name, {&value, 1}));
}

}  // namespace

outcome modem::configure(const at::request& what, at::response& answer) {
  auto request = at::parse_cfg(what.values);
  if (!request) return outcome::failed(request.why());
  profile& target = profiles_[static_cast<std::size_t>(request->profile)];
  if (!request->option) {
    for (const auto name : option_names())
      if (const auto values = read_option(target, name); values && !values->empty())
        tell_option(answer, request->profile, name, *values);
    return outcome::done();
  }
  const auto& option = *request->option;
  if (option == "reset" || option == "load") return configure_all(request->profile, option, request->values);
  if (!request->values.empty()) {
    auto wrong = set_option(target, option, std::span<const at::value>(request->values));
    return wrong ? outcome::failed(std::move(*wrong)) : outcome::done();
  }
  const auto values = read_option(target, option);
  if (!values) return outcome::failed(values.why());
  tell_option(answer, request->profile, option, *values);
  return outcome::done();
}

outcome modem::configure_all(int number, std::string_view word, std::span<const at::value> values) {
  at::arguments in(values);
  const std::string name = word == "load" ? in.text(at::max_line_bytes) : std::string(default_profile);
  if (auto wrong = in.finish()) return outcome::failed(std::move(*wrong));
  const auto found = shared_.profiles.find(name);
  if (found == shared_.profiles.end())
    return outcome::failed(
        {at::error::not_found, "The configuration has no profile " + at::quote(name) + "."});
  profiles_[static_cast<std::size_t>(number)] = found->second;
  return outcome::done();
}

// ---- data to the client

void modem::on_socket_event(std::string line, std::string sentence) {
  if (!sentence.empty()) server_->remember_failure(ended(std::move(sentence)));
  server_->post(std::move(line));
}

void modem::on_socket_changed(int) {
  if (waiting_send_) retry_send();
  on_activity_();
}

void modem::deliver() {
  while (server_->can_deliver()) {
    // The next socket behind the one that was served last, so that a busy one does not silence the others.
    const auto has_data = [](const auto& entry) {
      const auto& machine = entry.second->machine();
      return machine.options().delivery == delivery_mode::push && !machine.received().empty();
    };
    auto found = std::find_if(sockets_.upper_bound(next_to_deliver_), sockets_.end(), has_data);
    if (found == sockets_.end()) found = std::find_if(sockets_.begin(), sockets_.end(), has_data);
    if (found == sockets_.end()) return;
    next_to_deliver_ = found->first;
    const auto socket = found->second;
    socket->take(at::max_payload_bytes, [&](const receive_queue::frame& frame) {
      server_->deliver(
          at::format(at::received_event{next_to_deliver_, frame.data.size(), frame.is_truncated}),
          frame.data);
    });
  }
}

void modem::hang_up() {
  if (life_) shared_.modems.erase(this);  // later, the others may be gone already
  life_.reset();
  if (waiting_send_) wipe(waiting_send_->payload);
  waiting_send_.reset();
  for (auto& [id, socket] : std::exchange(sockets_, {})) {
    socket->release(farewell::silent);  // who died has not said goodbye
    --shared_.open_sockets;
  }
}

void modem::stop() {
  for (const auto& [id, socket] : std::map(sockets_))
    socket->operate([](socket_machine& machine, auto now) { machine.stop(now); });
}

}  // namespace tlsmodem

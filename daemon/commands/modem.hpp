// The modem behind one channel: its profiles, sockets and volatile credentials, and the commands on them.
//
// Theory of operation: at_server calls execute() for each command. Socket events go to the server as they
// come; received data is handed over by deliver(), which the channel calls whenever the client may have room
// for it.
#pragma once

#include "daemon/socket/socket_driver.hpp"
#include "daemon/store/credential_lookup.hpp"
#include "protocol/at_server.hpp"
#include "protocol/commands/send.hpp"
#include "protocol/limits.hpp"
#include "services.hpp"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace tlsmodem {

class modem final : public at::command_handler, public socket_observer {
 public:
  // `user` owns what the client makes persistent. `on_activity` is called when there may be output or data to
  // deliver.
  modem(services& shared, std::uint32_t user, std::function<void()> on_activity);
  ~modem() override;
  modem(const modem&) = delete;
  modem& operator=(const modem&) = delete;

  // Must be called once, before the first command.
  void attach(at::at_server& server) { server_ = &server; }

  at::outcome execute(const at::request& what, at::response& answer) override;
  void reset() override;

  // Hands received data of push sockets to the server, as long as it takes it.
  void deliver();
  // The channel's client is gone: its sockets are closed.
  void hang_up();
  // The daemon stops: every socket says farewell, the client is told.
  void stop();
  std::size_t sockets() const { return sockets_.size(); }
  // A command waits for the disk.
  bool is_storing() const { return is_storing_; }

 private:
  using driver = std::shared_ptr<socket_driver>;
  struct waiting_send {
    at::send_request request;
    bytes payload;
  };

  void on_socket_event(std::string line, std::string sentence) override;
  void on_socket_changed(int id) override;

  // The socket that the command names, if it is in a state where the command is legal.
  at::result<driver> find(const at::command_info& command, int id) const;

  at::outcome dispatch(const at::request& what, at::response& answer);
  at::outcome identify(const at::request& what, at::response& answer);
  at::outcome configure(const at::request& what, at::response& answer);
  at::outcome configure_all(int profile, std::string_view word, std::span<const at::value> values);
  at::outcome open(const at::request& what, at::response& answer);
  at::result<driver> make_socket(const profile& options);
  void tell_legacy(const socket_machine& machine, std::string_view host) const;
  at::outcome reopen(const at::request& what);
  at::outcome bind(const at::request& what);
  at::outcome connect(const at::request& what);
  at::outcome abort(const at::request& what);
  at::outcome send(const at::request& what);
  at::outcome try_send(const at::send_request& request, bytes_view payload, const driver& socket);
  at::outcome finish_send(const at::send_request& request, std::optional<at::failure> wrong);
  void retry_send();
  at::outcome receive(const at::request& what, at::response& answer);
  at::outcome shut(const at::request& what);
  at::outcome close(const at::request& what);
  at::outcome info(const at::request& what, at::response& answer);
  at::outcome resume(const at::request& what);
  at::outcome rehandshake(const at::request& what);
  at::outcome impair_network(const at::request& what);
  std::size_t rebind_sockets();
  at::outcome list_or_forget_sessions(const at::request& what, at::response& answer);
  at::outcome credential_command(const at::request& what, at::response& answer);
  at::outcome write_credential(const at::credential_request& request, bytes_view payload);
  at::outcome remove_credential(const credential_name& name);
  at::outcome make_key(const at::credential_request& request, at::response& answer);
  at::outcome make_own_key(const at::credential_request& request, at::response& answer);
  at::outcome request_for_token_key(std::int64_t tag, at::response& answer);
  at::outcome answer_request(std::int64_t tag, const tls::private_key& key, at::response& answer) const;
  std::optional<at::failure> check_free_for_key(const at::credential_request& request) const;
  at::result<std::string> request_for(const tls::private_key& key) const;
  at::result<tls::private_key> private_key_of(std::int64_t tag) const;
  std::optional<at::failure> check_token_use(credential_origin origin) const;
  // A line and a payload that go in front of OK.
  struct framed {
    std::string line;
    bytes payload;
  };
  // `told` is only for a persistent one, whose answer comes later.
  at::outcome keep_credential(const credential_name& name, credential made, bool is_volatile,
                              std::optional<framed> told = std::nullopt);
  // Answers the command that waits for the disk, unless the modem is gone by then.
  std::function<void(std::optional<at::failure>)> when_stored(std::optional<framed> told = std::nullopt);
  at::outcome wait_until_stored(std::optional<at::failure> refused);
  credential_lookup credentials() const;
  at::result<tls::context_options> context_options_of(const profile& options) const;

  services& shared_;
  const std::uint32_t user_;
  std::function<void()> on_activity_;
  at::at_server* server_ = nullptr;
  std::array<profile, at::profile_count> profiles_;
  credential_set volatile_credentials_;
  std::map<int, driver> sockets_;
  int next_to_deliver_ = 0;  // round robin over the sockets
  std::optional<waiting_send> waiting_send_;
  bool is_storing_ = false;
  std::shared_ptr<modem> life_;  // for those who may outlive this object; owns nothing
};

}  // namespace tlsmodem

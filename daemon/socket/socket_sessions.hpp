// Which session a socket offers, and what becomes of the sessions that its handshakes leave: the options
// `resume` and `keep`, and AT#TRESUME. Without I/O.
//
//   begin() ▶ established() ▶ keep() … ▶ broken()
//         └─▶ failed()
//
// The session that was offered stays in the store until the server has answered: a server that cannot be
// reached costs nothing.
#pragma once

#include "daemon/store/session_store.hpp"
#include "daemon/tls/context.hpp"
#include "profile.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tlsmodem {

// What a handshake is for: the option decides, or AT#TREHS does.
enum class handshake_wish : std::uint8_t { as_configured, abbreviated, full };

class socket_sessions {
 public:
  struct configuration {
    session_store::user_id user = 0;
    tls::fingerprint context{};
    resume_mode mode = resume_mode::by_handle;
    bool is_kept = true;
  };

  // The store must outlive this object.
  socket_sessions(session_store& store, const configuration& config) : store_(store), config_(config) {}
  ~socket_sessions();
  socket_sessions(const socket_sessions&) = delete;
  socket_sessions& operator=(const socket_sessions&) = delete;

  // AT#TRESUME: for the next handshakes, until one comes through.
  void request(std::string handle) { requested_ = std::move(handle); }

  // A handshake begins. Returns the session to offer; an empty one: none.
  secret begin(const tls::peer_name& peer, std::uint16_t port, handshake_wish wish);
  // It came through, and was abbreviated or not. handle() names the new connection from here on.
  void established(bool was_resumed);
  // It did not. `has_fatal_alert`: sent or received.
  void failed(bool server_answered, bool has_fatal_alert);
  // The connection has left sessions. True when one of them can be resumed.
  bool keep(std::vector<tls::resumable_session> sessions);
  // A fatal alert ended the connection, RFC 5246 7.2: what it left must not be resumed.
  void broken();

  // Of the last connection that was up; "" before.
  const std::string& handle() const { return handle_; }

 private:
  struct attempt {
    std::string handle;
    session_store::place where;
    std::optional<std::uint64_t> loan;
  };

  std::string candidate(const tls::fingerprint& binding, handshake_wish wish) const;
  void drop_attempt();

  session_store& store_;
  const configuration config_;
  std::optional<std::string> requested_;
  std::optional<attempt> attempt_;
  std::string handle_;
  session_store::place where_;  // of handle_
};

}  // namespace tlsmodem

// Which session a socket offers, or which live association it takes up again, and what becomes of what its
// connections leave: the options `resume` and `keep`, and AT#TRESUME. Without I/O.
//
//   begin() ▶ established() ▶ keep(), keep_live() … ▶ broken() / release_live() / end_live()
//         └─▶ failed()
//   find_live() ▶ continue_live() … ▶ release_live() / end_live()
//
// The session that was offered stays in the store until the server has answered: a server that cannot be
// reached costs nothing.
#pragma once

#include "daemon/store/association_store.hpp"
#include "daemon/store/session_store.hpp"
#include "daemon/tls/context.hpp"
#include "profile.hpp"
#include "session_offer.hpp"

#include <cstdint>
#include <functional>
#include <memory>
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

  // The stores must outlive this object. `associations`: null when none is ever taken up again.
  socket_sessions(session_store& store, association_store* associations, const configuration& config)
      : store_(store), associations_(associations), config_(config) {}
  ~socket_sessions();
  socket_sessions(const socket_sessions&) = delete;
  socket_sessions& operator=(const socket_sessions&) = delete;

  // AT#TRESUME: for the next handshakes, until one comes through.
  void request(std::string handle) { requested_ = std::move(handle); }

  // A handshake begins. Returns the session to offer; an empty one: none.
  secret begin(const tls::peer_name& peer, std::uint16_t port, handshake_wish wish);
  // There is one, which is not offered for a while because the server did not take the last ones.
  bool is_pausing() const { return attempt_ && attempt_->is_pausing; }
  // The session that was offered cost the handshake, or seems to: the next one begins without it. The rest
  // as of failed().
  void withdraw(offer_end how, bool server_answered, bool has_fatal_alert);
  // The same handshake once more, after withdraw(): the name stays.
  void begin_without(const tls::peer_name& peer, std::uint16_t port);
  // It came through, and was abbreviated or not; `at_once`: nothing had to be repeated. handle() names the
  // new connection from here on.
  void established(bool was_resumed, bool at_once);
  // Nobody answered the offer, and there was no time for a handshake without it.
  void unanswered();
  // It did not. `has_fatal_alert`: sent or received.
  void failed(bool server_answered, bool has_fatal_alert);
  // The connection has left sessions. True when one of them can be resumed.
  bool keep(std::vector<tls::resumable_session> sessions);
  // A fatal alert ended the connection, RFC 5246 7.2: what it left must not be resumed.
  void broken();

  // ---- live associations

  // Where the peer is of the association that a connect would take up, and the local address that it has to
  // come from ({}: any will do). Nothing: there is none.
  struct live_place {
    net::endpoint remote;
    net::endpoint local;
  };
  std::optional<live_place> find_live(const tls::peer_name& peer, std::uint16_t port) const;
  // Takes it up. Null when it went to somebody else in between.
  std::unique_ptr<tls::engine> continue_live(const tls::peer_name& peer, std::uint16_t port);
  // A handshake has left one. From here on `live` asks for every sequence number.
  void keep_live(tls::engine& engine, const live_place& where);
  void moved_live(tls::engine& engine, const live_place& where);
  // What is kept of it may have changed.
  void refresh_live(tls::engine& engine);
  // Can the association outlive the process?
  bool is_live_kept() const { return lease_ && config_.is_kept; }
  // It cannot get sequence numbers any more: only a new handshake helps.
  bool is_live_refused() const { return lease_ && lease_->is_refused(); }
  // Calls it when there are numbers for a send that had to wait.
  void on_reserved(std::function<void()> handler) { on_reserved_ = std::move(handler); }
  // Nobody uses it for now. False: there is none, or it would not be found again.
  bool release_live(tls::engine& engine);
  // It is over.
  void end_live(tls::engine* engine);

  // Of the last connection that was up; "" before.
  const std::string& handle() const { return handle_; }
  // What the next handshake under that name can do.
  enum class prospect : std::uint8_t { abbreviated, pausing, nothing_kept };
  prospect next_handshake() const;
  // There is a session or a live association under handle().
  bool names_something() const { return lease_ || next_handshake() != prospect::nothing_kept; }
  // The connection was resumed under the handle of another socket that is connected.
  bool shares_session() const { return shares_session_; }

 private:
  struct attempt {
    std::string handle;
    session_store::place where;
    std::optional<std::uint64_t> loan = {};
    bool is_pausing = false;
    std::optional<offer_end> withdrawn = {};  // how the offer ended that it goes without
  };
  // What begin_without() needs of the attempt whose session was withdrawn.
  struct withdrawal {
    std::string handle;
    offer_record offers;
    offer_end how = offer_end::refused;
  };

  std::string candidate(const tls::fingerprint& binding, handshake_wish wish) const;
  std::string live_candidate(const tls::fingerprint& binding) const;
  void drop_attempt();
  void hold(std::unique_ptr<association_lease> lease, tls::engine& engine);

  session_store& store_;
  association_store* const associations_;
  const configuration config_;
  std::optional<std::string> requested_;
  std::optional<attempt> attempt_;
  withdrawal withdrawn_;
  std::string handle_;
  session_store::place where_;  // of handle_
  bool shares_session_ = false;
  std::unique_ptr<association_lease> lease_;  // of the association that is up
  std::function<void()> on_reserved_;
};

}  // namespace tlsmodem

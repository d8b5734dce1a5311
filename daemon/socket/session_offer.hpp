// A session is a wish of the client (RFC 5246 7.3), and must never cost it the connection: when a handshake
// that offered one fails or meets silence, the same connect makes another one without it. This is how long
// the first may take, and whether it still is about the session.
// Why so long: docs/decisions/0024-session-fallback.md.
#pragma once

#include "daemon/tls/engine.hpp"
#include "profile.hpp"

#include <optional>
#include <string>
#include <utility>

namespace tlsmodem {

// How an offer ended that was not taken.
enum class offer_end : std::uint8_t {
  refused,               // by an alert, by the end of the connection, or by an answer that cannot be used
  silence,               // no answer came
  silence_to_fragments,  // the ClientHello needed more than one datagram
};

class session_offer {
 public:
  using time_point = tls::time_point;

  // A handshake has been started; `deadline`: of the whole connect.
  void begin(tls::engine& engine, const profile& options, std::optional<time_point> deadline, time_point now);
  // The engine was called.
  void follow(tls::engine& engine, time_point now);
  // What the handshake does may still be the session's fault.
  static bool is_at_stake(const tls::engine& engine) {
    const auto& info = engine.info();
    return info.session_offered && !info.session_declined && !info.handshake_done;
  }
  // It has failed, and may do better without the session. Silence to the end has used up all the time.
  static bool is_at_fault(const tls::engine& engine) {
    return is_at_stake(engine) && engine.state() == tls::engine_state::failed &&
           engine.failure().why.code != at::error::handshake_timeout;
  }
  static bool is_unanswered(const tls::engine& engine) {
    return is_at_stake(engine) && !engine.info().server_answered &&
           engine.state() == tls::engine_state::failed &&
           engine.failure().why.code == at::error::handshake_timeout;
  }
  // It is time to go on without the session.
  bool is_in_vain(time_point now) const { return in_vain_at_ && *in_vain_at_ <= now; }
  // The handshake without the session had its time too, and got no answer.
  bool is_too_late(time_point now) const { return answer_due_ && *answer_due_ <= now; }
  std::optional<time_point> deadline() const { return in_vain_at_ ? in_vain_at_ : answer_due_; }
  std::string why_in_vain() const;
  offer_end end_in_vain() const;
  // The next handshake of this connect offers nothing.
  void withdraw(std::string why, offer_end how);
  bool is_withdrawn() const { return is_withdrawn_; }
  // A server of datagrams that has just refused the session is there: ICMP errors are only a server that
  // makes itself ready for the next client. One comes for each datagram of the first flight; not when it is
  // repeated.
  bool forgives_error(const tls::engine& engine) const {
    return forgives_error_ && engine.info().retransmissions == 0;
  }

  // Why the session that was there was not used, for AT#TINFO; "" when it was, or when there was none.
  const std::string& fallback() const { return fallback_; }
  void set_fallback(std::string why) { fallback_ = std::move(why); }

 private:
  void arm(time_point now);

  const profile* options_ = nullptr;
  std::optional<time_point> deadline_;  // of the whole connect
  time_point flight_began_{};
  unsigned flights_ = 0;
  bool has_answer_ = false;
  bool needs_fragments_ = false;
  bool is_withdrawn_ = false;
  bool forgives_error_ = false;
  std::optional<time_point> in_vain_at_;
  std::optional<time_point> answer_due_;
  std::optional<time_point> next_answer_due_;  // of the handshake that comes after a withdrawal
  std::string fallback_;
};

}  // namespace tlsmodem

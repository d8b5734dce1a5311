#include "session_offer.hpp"

#include "time_limits.hpp"

#include <algorithm>
#include <limits>

namespace tlsmodem {
namespace {

using std::chrono::milliseconds;

// A ClientHello with a session is sent so often, each time with its wait of RFC 6347 4.2.4.1, before one
// without it takes its place.
constexpr unsigned sends_with_session = 3;

// What the retransmission timer waits in all for `sends` sends of a flight.
milliseconds waits(const profile& options, unsigned sends) {
  milliseconds sum{0};
  for (auto wait = options.hs_min; sends > 0; --sends) {
    sum += wait;
    if (wait >= options.hs_max) break;
    wait = std::min(2 * wait, options.hs_max);
  }
  return sum;
}

milliseconds all_waits(const profile& options) {
  return waits(options, std::numeric_limits<unsigned>::max());
}

}  // namespace

void session_offer::begin(tls::engine& engine, const profile& options, std::optional<time_point> deadline,
                          time_point now) {
  options_ = &options;
  deadline_ = deadline;
  flight_began_ = now;
  flights_ = engine.info().flights;
  has_answer_ = false;
  needs_fragments_ = false;
  in_vain_at_.reset();
  answer_due_ = std::exchange(next_answer_due_, std::nullopt);
  if (is_at_stake(engine)) arm(now);
  follow(engine, now);
}

void session_offer::follow(tls::engine& engine, time_point now) {
  const auto& info = engine.info();
  if (info.server_answered || info.handshake_done) answer_due_.reset();
  if (!in_vain_at_) return;
  if (!is_at_stake(engine)) {
    in_vain_at_.reset();
    return;
  }
  const bool is_new_flight = info.flights != flights_ || info.server_answered != has_answer_;
  flights_ = info.flights;
  has_answer_ = info.server_answered;
  if (options_->is_datagram() && !has_answer_ && engine.outgoing().packets() > 1) needs_fragments_ = true;
  if (is_new_flight) arm(now);
}

// What is left is shared fairly: neither of the two handshakes gets less than one round trip, for which
// hs_min is the only estimate. Where there is no room for both there is one, as without any fallback.
void session_offer::arm(time_point now) {
  in_vain_at_.reset();
  flight_began_ = now;
  const bool is_datagram = options_->is_datagram();
  milliseconds whole = is_datagram ? all_waits(*options_) : stream_handshake_limit;
  if (deadline_) whole = std::min(whole, std::chrono::duration_cast<milliseconds>(*deadline_ - now));
  const milliseconds least = is_datagram ? options_->hs_min : milliseconds{0};
  if (whole < 2 * least) return;
  auto share = whole / 2;
  if (is_datagram) share = std::min(share, waits(*options_, sends_with_session));
  in_vain_at_ = now + std::clamp(share, least, whole - least);
}

std::string session_offer::why_in_vain() const {
  if (has_answer_) return "the server took the session up and fell silent";
  return needs_fragments_ ? "no answer to a ClientHello in fragments with a session"
                          : "no answer to a ClientHello with a session";
}

offer_end session_offer::end_in_vain() const {
  if (has_answer_) return offer_end::refused;
  return needs_fragments_ ? offer_end::silence_to_fragments : offer_end::silence;
}

void session_offer::withdraw(std::string why, offer_end how) {
  is_withdrawn_ = true;
  in_vain_at_.reset();
  fallback_ = std::move(why);
  forgives_error_ = how == offer_end::refused && options_->is_datagram();
  // A flight that nobody answers has as much time as ever, with and without the session together.
  if (how != offer_end::refused && options_->is_datagram())
    next_answer_due_ = flight_began_ + all_waits(*options_);
}

}  // namespace tlsmodem

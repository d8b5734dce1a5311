// RFC 6347 4.2.4.1 as a value. The first wait for an answer is `initial`, each later one twice as long, up to
// `cap`. A flight is given up when it has waited as long as these waits take together with a last one of
// `cap`: with 1 s and 60 s that is 1+2+4+8+16+32+60 = 123 s. After a loss the following flights begin with
// the wait that brought the answer, until one is answered without a repeat.
#pragma once

#include "engine.hpp"

#include <algorithm>
#include <optional>

namespace tlsmodem::tls {

class retransmission_timer {
 public:
  enum class verdict : std::uint8_t { retransmit, give_up };

  retransmission_timer(milliseconds initial, milliseconds cap) : initial_(initial), cap_(cap) {}

  // A new flight is on its way, which is the answer to that of the peer.
  void flight_sent(time_point now) {
    if (repeats_ == 0) interval_ = initial_;
    repeats_ = 0;
    left_ = budget();
    wait(now);
  }
  // Nothing is waited for any more.
  void stop() { deadline_.reset(); }

  std::optional<time_point> deadline() const { return deadline_; }
  // Of the flight that is on its way.
  unsigned repeats() const { return repeats_; }

  // The deadline has passed; when the verdict is to retransmit, the next wait has begun.
  verdict expired(time_point now) {
    if (left_ == milliseconds{0}) {
      stop();
      return verdict::give_up;
    }
    ++repeats_;
    interval_ = doubled(interval_);
    wait(now);
    return verdict::retransmit;
  }

 private:
  milliseconds doubled(milliseconds interval) const { return interval > cap_ / 2 ? cap_ : interval * 2; }

  milliseconds budget() const {
    milliseconds sum{0};
    for (auto next = initial_; next < cap_; next = doubled(next)) sum += next;
    return sum + cap_;
  }

  // Counted by waits and not by the clock: a busy machine that looks late repeats no less.
  void wait(time_point now) {
    const auto next = std::min(interval_, left_);
    left_ -= next;
    deadline_ = now + next;
  }

  milliseconds initial_;
  milliseconds cap_;
  milliseconds interval_{initial_};
  unsigned repeats_ = 0;
  milliseconds left_{0};  // to be waited for the answer to this flight
  std::optional<time_point> deadline_;
};

}  // namespace tlsmodem::tls

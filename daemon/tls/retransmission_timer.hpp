// RFC 6347 4.2.4.1 as a value: the first wait is `initial`, each later one twice as long up to `cap`; a wait
// of `cap` is the last one. With 1 s and 60 s: 1+2+4+8+16+32+60 s, then the handshake is given up after 123
// s.
#pragma once

#include "engine.hpp"

#include <optional>

namespace tlsmodem::tls {

class retransmission_timer {
 public:
  enum class verdict : std::uint8_t { retransmit, give_up };

  retransmission_timer(milliseconds initial, milliseconds cap) : initial_(initial), cap_(cap) {}

  // A new flight is on its way: back to the initial value.
  void flight_sent(time_point now) { wait(initial_, now); }
  // The whole answer came.
  void stop() { deadline_.reset(); }

  std::optional<time_point> deadline() const { return deadline_; }

  // The deadline has passed; when the verdict is to retransmit, the next wait has begun.
  verdict expired(time_point now) {
    if (interval_ >= cap_) {
      stop();
      return verdict::give_up;
    }
    wait(interval_ > cap_ / 2 ? cap_ : interval_ * 2, now);
    return verdict::retransmit;
  }

 private:
  void wait(milliseconds interval, time_point now) {
    interval_ = interval;
    deadline_ = now + interval;
  }

  milliseconds initial_;
  milliseconds cap_;
  milliseconds interval_{0};
  std::optional<time_point> deadline_;
};

}  // namespace tlsmodem::tls

// The wall clock as libssl sees it, so that its DTLS timer can expire when a test says so. This program has a
// gettimeofday() of its own, which libssl's calls find first; every version of libssl reads the time there.
#pragma once

#include <chrono>

namespace tlsmodem::test {

// As long as it lives, the clock is ahead. Only one at a time.
class libssl_clock_step {
 public:
  explicit libssl_clock_step(std::chrono::seconds ahead);
  ~libssl_clock_step();
  libssl_clock_step(const libssl_clock_step&) = delete;
  libssl_clock_step& operator=(const libssl_clock_step&) = delete;
};

// A little more than the longest time that DTLS_set_timer_cb() can set.
inline constexpr std::chrono::minutes longest_dtls_timer{72};

}  // namespace tlsmodem::test

#include "libssl_clock.hpp"

#include <sys/time.h>

#include <ctime>

namespace {

time_t seconds_ahead = 0;

}  // namespace

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the names are the library's
extern "C" int gettimeofday(timeval* now, void*) noexcept {
  timespec real{};
  ::clock_gettime(CLOCK_REALTIME, &real);
  *now = {real.tv_sec + seconds_ahead, real.tv_nsec / 1000};
  return 0;
}

namespace tlsmodem::test {

libssl_clock_step::libssl_clock_step(std::chrono::seconds ahead) { seconds_ahead = ahead.count(); }
libssl_clock_step::~libssl_clock_step() { seconds_ahead = 0; }

}  // namespace tlsmodem::test

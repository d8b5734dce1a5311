#include "daemon/tls/retransmission_timer.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace tlsmodem::test {
namespace {

using tls::milliseconds;
using verdict = tls::retransmission_timer::verdict;

class retransmission_timer : public testing::Test {
 protected:
  // The waits of a flight that begins now and is never answered.
  std::vector<long> waits_of_a_lost_flight(tls::retransmission_timer& timer) {
    std::vector<long> waits;
    timer.flight_sent(now_);
    for (;;) {
      const auto due = timer.deadline().value();
      waits.push_back(std::chrono::duration_cast<milliseconds>(due - now_).count());
      now_ = due;
      if (timer.expired(now_) == verdict::give_up) return waits;
    }
  }
  void expire(tls::retransmission_timer& timer) {
    now_ = timer.deadline().value();
    ASSERT_EQ(timer.expired(now_), verdict::retransmit);
  }
  long next_wait(const tls::retransmission_timer& timer) const {
    return std::chrono::duration_cast<milliseconds>(timer.deadline().value() - now_).count();
  }

  tls::time_point now_{};
};

TEST_F(retransmission_timer, doubles_its_waits_up_to_the_cap) {
  tls::retransmission_timer timer(milliseconds{1000}, milliseconds{60000});
  EXPECT_EQ(waits_of_a_lost_flight(timer), (std::vector<long>{1000, 2000, 4000, 8000, 16000, 32000, 60000}));
  EXPECT_EQ(timer.repeats(), 6U);
  EXPECT_FALSE(timer.deadline());
}

TEST_F(retransmission_timer, keeps_its_value_until_a_flight_passes_without_a_repeat) {
  tls::retransmission_timer timer(milliseconds{1000}, milliseconds{60000});
  timer.flight_sent(now_);
  expire(timer);
  expire(timer);
  EXPECT_EQ(timer.repeats(), 2U);
  timer.flight_sent(now_);
  EXPECT_EQ(next_wait(timer), 4000);
  EXPECT_EQ(timer.repeats(), 0U);
  timer.flight_sent(now_);  // the one before was answered at once
  EXPECT_EQ(next_wait(timer), 1000);
}

TEST_F(retransmission_timer, gives_each_flight_the_same_time_in_all) {
  tls::retransmission_timer timer(milliseconds{1000}, milliseconds{60000});
  timer.flight_sent(now_);
  expire(timer);
  expire(timer);
  EXPECT_EQ(waits_of_a_lost_flight(timer), (std::vector<long>{4000, 8000, 16000, 32000, 60000, 3000}));
}

TEST_F(retransmission_timer, repeats_no_less_when_nobody_looks_in_time) {
  tls::retransmission_timer timer(milliseconds{10}, milliseconds{40});
  timer.flight_sent(now_);
  for (unsigned repeats = 1; repeats <= 2; ++repeats) {
    now_ += milliseconds{5000};
    EXPECT_EQ(timer.expired(now_), verdict::retransmit);
    EXPECT_EQ(timer.repeats(), repeats);
  }
  now_ += milliseconds{5000};
  EXPECT_EQ(timer.expired(now_), verdict::give_up);
}

TEST_F(retransmission_timer, may_be_one_wait_only) {
  tls::retransmission_timer timer(milliseconds{5000}, milliseconds{5000});
  EXPECT_EQ(waits_of_a_lost_flight(timer), (std::vector<long>{5000}));
  EXPECT_EQ(timer.repeats(), 0U);
}

}  // namespace
}  // namespace tlsmodem::test

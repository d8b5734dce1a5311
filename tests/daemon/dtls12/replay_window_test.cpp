// The window against a set of all numbers that were seen.
#include "daemon/dtls12/replay_window.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace tlsmodem::dtls12 {
namespace {

TEST(replay_window, takes_anything_at_first) {
  const replay_window window;
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 47}) {
    EXPECT_TRUE(window.is_fresh(number));
    EXPECT_TRUE(window.is_newest(number));
  }
}

TEST(replay_window, remembers_the_first_number) {
  replay_window window;
  window.accept(0);
  EXPECT_FALSE(window.is_fresh(0));
  EXPECT_FALSE(window.is_newest(0));
  EXPECT_TRUE(window.is_newest(1));
  EXPECT_EQ(window.next(), 1U);
  EXPECT_EQ(window.bits(), 1U);
}

TEST(replay_window, forgets_what_is_older_than_it_is_wide) {
  replay_window window;
  window.accept(1000);
  EXPECT_TRUE(window.is_fresh(1001 - replay_window::width));
  EXPECT_FALSE(window.is_fresh(1000 - replay_window::width));
  EXPECT_FALSE(window.is_fresh(0));
}

TEST(replay_window, survives_jumps_of_its_width) {
  for (const std::uint64_t jump : {62U, 63U, 64U, 65U, 128U}) {
    replay_window window;
    window.accept(5);
    window.accept(5 + jump);
    EXPECT_FALSE(window.is_fresh(5)) << jump;
    EXPECT_FALSE(window.is_fresh(5 + jump)) << jump;
    EXPECT_TRUE(window.is_fresh(4 + jump)) << jump;
  }
}

TEST(replay_window, closed_below_a_number_knows_all_before_it) {
  auto window = replay_window::closed_below(100);
  for (std::uint64_t number = 0; number < 100; ++number) EXPECT_FALSE(window.is_fresh(number)) << number;
  EXPECT_TRUE(window.is_newest(100));
  window.accept(102);
  EXPECT_TRUE(window.is_fresh(100));
  EXPECT_TRUE(window.is_fresh(101));
  EXPECT_FALSE(window.is_fresh(99));
}

TEST(replay_window, is_what_it_tells_of_itself) {
  replay_window window;
  for (const std::uint64_t number : {7U, 3U, 70U, 69U, 12U}) window.accept(number);
  EXPECT_EQ(replay_window(window.next(), window.bits()), window);
}

TEST(replay_window, agrees_with_a_set) {
  std::minstd_rand random(7);
  for (unsigned round = 0; round < 50; ++round) {
    replay_window window;
    std::set<std::uint64_t> seen;
    std::uint64_t newest = random() % 3 == 0 ? (std::uint64_t{1} << 48) - 5000 : 0;
    for (unsigned step = 0; step < 1000; ++step) {
      const std::uint64_t number = newest + random() % (step % 50 == 0 ? 200 : 8) - random() % 80;
      if (number > newest + 1000) continue;  // below zero
      const bool is_known = seen.contains(number);
      const bool is_old = !seen.empty() && number + replay_window::width <= *seen.rbegin();
      ASSERT_EQ(window.is_fresh(number), !is_known && !is_old) << number;
      ASSERT_EQ(window.is_newest(number), seen.empty() || number > *seen.rbegin());
      if (!window.is_fresh(number)) continue;
      window.accept(number);
      seen.insert(number);
      newest = *seen.rbegin();
    }
  }
}

}  // namespace
}  // namespace tlsmodem::dtls12

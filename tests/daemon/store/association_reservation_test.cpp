// Which sequence numbers may be used, given what is on the disk.
#include "association_world.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

using dtls12::replay_window;
using dtls12::sequence_counters;
using lost = association_world::lost;

class reservation : public testing::Test {
 protected:
  association_store::taken take(const std::string& handle = "h") {
    auto taken = world_.store().take(alice, handle, {1});
    EXPECT_TRUE(taken);
    return std::move(*taken);
  }

  association_world world_;
};

TEST_F(reservation, has_no_limit_before_a_row_is_submitted_and_the_first_rows_while_it_is_on_its_way) {
  const auto lease = world_.keep("h", "k");
  EXPECT_TRUE(lease->may_write(1'000'000));
  lease->note({100, replay_window(7, 0x7f)});
  EXPECT_TRUE(world_.submit());
  for (const bool is_complete : {false, true}) {
    EXPECT_TRUE(lease->may_write(100 + 1023));
    EXPECT_FALSE(lease->may_write(100 + 1024));
    EXPECT_TRUE(lease->may_accept(7 + 63));
    EXPECT_FALSE(lease->may_accept(7 + 64));
    if (!is_complete) world_.complete();
  }
  EXPECT_EQ(world_.row("h")->write_reserved, 1124U);
  EXPECT_EQ(world_.row("h")->read_reserved, 71U);
  EXPECT_FALSE(world_.row("h")->is_clean);
}

TEST_F(reservation, is_extended_in_time_and_counts_when_it_is_on_the_disk) {
  const auto lease = world_.keep("h", "k", true, 0);
  world_.settle();
  EXPECT_TRUE(lease->may_write(511));
  EXPECT_FALSE(world_.submit()) << "plenty";
  lease->note({513, {}});
  EXPECT_TRUE(lease->may_write(513));
  EXPECT_TRUE(world_.submit());
  lease->note({1023, {}});
  EXPECT_TRUE(lease->may_write(1023));
  EXPECT_FALSE(world_.submit()) << "it is on its way";
  EXPECT_FALSE(lease->may_write(1024));
  int told = 0;
  lease->on_reserved([&] { ++told; });
  world_.complete();
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(lease->may_write(1024));
  EXPECT_EQ(world_.row("h")->write_reserved, 513U + 1024U);
}

TEST_F(reservation, of_received_numbers_follows_the_peer) {
  const auto lease = world_.keep("h", "k");
  world_.settle();
  EXPECT_TRUE(lease->may_accept(47));
  EXPECT_FALSE(world_.submit());
  EXPECT_TRUE(lease->may_accept(48));
  EXPECT_TRUE(world_.submit());
  world_.complete();
  EXPECT_EQ(world_.row("h")->read_reserved, 64U);
  EXPECT_FALSE(lease->may_accept(5000)) << "the peer jumped";
  world_.settle();
  EXPECT_TRUE(lease->may_accept(5000));
  EXPECT_TRUE(lease->may_accept(5001));
  EXPECT_EQ(world_.row("h")->read_reserved, 5064U);
}

TEST_F(reservation, a_released_row_is_exact_and_has_to_be_replaced_before_it_is_used_again) {
  auto lease = world_.keep("h", "k");
  world_.settle();
  const sequence_counters exact{20, replay_window(4, 0xb)};
  lease->release(exact);
  EXPECT_TRUE(world_.submit());
  world_.complete();
  EXPECT_TRUE(world_.row("h")->is_clean);
  EXPECT_EQ(world_.row("h")->counters, exact);

  auto again = take();
  EXPECT_EQ(again.counters, exact);
  int told = 0;
  again.lease->on_reserved([&] { ++told; });
  EXPECT_FALSE(again.lease->may_write(20));
  EXPECT_FALSE(again.lease->may_accept(4));
  EXPECT_FALSE(again.lease->is_refused());
  EXPECT_TRUE(world_.submit());
  EXPECT_FALSE(again.lease->may_write(20));
  EXPECT_EQ(told, 0);
  world_.complete();
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(world_.row("h")->is_clean);
  EXPECT_TRUE(again.lease->may_write(20));
  EXPECT_TRUE(again.lease->may_accept(2));
  EXPECT_TRUE(again.lease->may_accept(4));
}

TEST_F(reservation, taken_again_before_the_clean_row_was_submitted_goes_on_at_once) {
  auto lease = world_.keep("h", "k");
  world_.settle();
  lease->release({20, {}});
  auto again = take();
  EXPECT_TRUE(again.lease->may_write(20));
  EXPECT_TRUE(world_.submit());
  world_.complete();
  EXPECT_FALSE(world_.row("h")->is_clean);
}

TEST_F(reservation, taken_again_while_the_clean_row_is_on_its_way_waits_for_the_next) {
  auto lease = world_.keep("h", "k");
  world_.settle();
  lease->release({20, {}});
  EXPECT_TRUE(world_.submit());
  auto again = take();
  EXPECT_FALSE(again.lease->may_write(20));
  world_.complete();
  EXPECT_FALSE(again.lease->may_write(20)) << "the disk says clean";
  world_.settle();
  EXPECT_TRUE(again.lease->may_write(20));
}

TEST_F(reservation, a_clean_row_whose_write_failed_may_be_there) {
  for (const auto where : {lost::before_the_disk, lost::behind_the_disk}) {
    auto lease = world_.keep("h", "k");
    world_.settle();
    lease->release({20, {}});
    EXPECT_TRUE(world_.submit());
    world_.fail(where);
    auto again = take();
    EXPECT_FALSE(again.lease->may_write(20));
    EXPECT_TRUE(again.lease->is_refused()) << "the store is in trouble";
    world_.settle();
    EXPECT_FALSE(again.lease->is_refused());
    EXPECT_TRUE(again.lease->may_write(20));
  }
}

TEST_F(reservation, never_submitted_is_without_limit_after_release_too) {
  auto lease = world_.keep("h", "k");
  lease->release({5000, {}});
  auto again = take();
  EXPECT_TRUE(again.lease->may_write(5000));
  EXPECT_TRUE(world_.submit());
  EXPECT_TRUE(again.lease->may_write(5000 + 1023));
  EXPECT_FALSE(again.lease->may_write(5000 + 1024));
}

TEST_F(reservation, a_killed_process_loses_nothing) {
  auto lease = world_.keep("h", "k");
  world_.settle();
  const sequence_counters exact{700, replay_window(60, 0xf5)};
  lease->note(exact);
  world_.kill_process();
  auto again = take();
  EXPECT_EQ(again.counters, exact);
  EXPECT_TRUE(again.lease->may_write(700)) << "reserved by the row that is there";
  EXPECT_TRUE(again.lease->may_write(1024));
  EXPECT_FALSE(again.lease->may_write(1025));
  world_.settle();
  EXPECT_TRUE(again.lease->may_write(1025));
}

TEST_F(reservation, what_was_read_from_a_store_that_cannot_be_written_may_not_be_on_the_disk) {
  auto lease = world_.keep("h", "k");
  world_.settle();
  lease->note({700, {}});
  world_.is_store_working = false;
  world_.kill_process();
  auto again = take();
  EXPECT_EQ(again.counters.write_next, 700U);
  EXPECT_FALSE(again.lease->may_write(700));
  EXPECT_TRUE(again.lease->is_refused());
  world_.store().store_works(true);
  world_.settle();
  EXPECT_TRUE(again.lease->may_write(700));
}

TEST_F(reservation, a_crash_of_the_machine_goes_on_behind_what_was_reserved) {
  for (const auto how : {association_world::counters_are::old, association_world::counters_are::lost}) {
    auto lease = world_.keep("h", "k");
    world_.settle();
    lease->note({700, replay_window(60, 0xf5)});
    world_.crash_machine(0, how);
    for (int i = 0; i < 2; ++i) {
      auto again = take();
      EXPECT_EQ(again.counters.write_next, 1025U);
      EXPECT_FALSE(again.counters.received.is_fresh(63));
      EXPECT_TRUE(again.counters.received.is_fresh(64));
      EXPECT_FALSE(again.lease->may_write(1025));
      world_.crash_machine(0, how);  // before the row was submitted: nothing was used
    }
  }
}

TEST_F(reservation, a_clean_row_survives_the_machine_as_it_is) {
  auto lease = world_.keep("h", "k");
  world_.settle();
  const sequence_counters exact{20, replay_window(4, 0xb)};
  lease->release(exact);
  world_.settle();
  world_.crash_machine();
  auto again = take();
  EXPECT_EQ(again.counters, exact);
  EXPECT_FALSE(again.lease->may_write(20));
  world_.settle();
  EXPECT_TRUE(again.lease->may_write(20));
}

TEST_F(reservation, of_a_row_that_was_clean_before_its_replacement_was_complete) {
  auto lease = world_.keep("h", "k");
  lease->release({20, {}});
  world_.settle();
  auto again = take();
  EXPECT_TRUE(world_.submit());
  world_.crash_machine(1);
  EXPECT_EQ(take().counters.write_next, 20U + 1024U) << "the disk may have more than we were told";
}

TEST_F(reservation, trouble_refuses_only_when_numbers_are_needed) {
  const auto lease = world_.keep("h", "k", true, 0);
  world_.settle();
  int told = 0;
  lease->on_reserved([&] { ++told; });
  lease->note({600, {}});
  EXPECT_TRUE(lease->may_write(600));
  EXPECT_TRUE(world_.submit());
  world_.fail(lost::before_the_disk);
  EXPECT_FALSE(lease->is_refused());
  EXPECT_TRUE(lease->may_write(1023));
  EXPECT_EQ(told, 0);
  EXPECT_FALSE(lease->may_write(1024));
  EXPECT_TRUE(lease->is_refused());
  world_.settle();  // the store works again
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(lease->is_refused());
  EXPECT_TRUE(lease->may_write(1024));
}

TEST_F(reservation, who_waits_goes_on_waiting_when_an_earlier_row_is_complete) {
  const auto lease = world_.keep("h", "k", true, 0);
  EXPECT_TRUE(world_.submit());
  int told = 0;
  lease->on_reserved([&] { ++told; });
  EXPECT_FALSE(lease->may_write(1024));
  world_.complete();
  EXPECT_EQ(told, 0);
  EXPECT_TRUE(world_.submit());
  world_.fail(lost::before_the_disk);
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(lease->is_refused());
  world_.settle();
  EXPECT_EQ(told, 2);
  EXPECT_TRUE(lease->may_write(1024));
}

TEST_F(reservation, who_waits_is_told_of_trouble) {
  const auto lease = world_.keep("h", "k", true, 0);
  world_.settle();
  int told = 0;
  lease->on_reserved([&] { ++told; });
  EXPECT_FALSE(lease->may_write(1024));
  EXPECT_FALSE(lease->is_refused());
  world_.store().store_works(false);
  EXPECT_EQ(told, 0) << "only in a turn of its own";
  world_.store().store_works(false);
  world_.store().tell();
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(lease->is_refused());
  world_.store().store_works(true);
  EXPECT_FALSE(lease->is_refused());
}

TEST_F(reservation, a_handler_may_end_its_lease_and_others) {
  auto first = world_.keep("a", "a", true, 0);
  auto second = world_.keep("b", "b", true, 0);
  world_.settle();
  EXPECT_FALSE(first->may_write(1024));
  EXPECT_FALSE(second->may_write(1024));
  first->on_reserved([&] {
    first.reset();
    second.reset();
  });
  second->on_reserved([&] { ADD_FAILURE() << "it is gone"; });
  world_.settle();
  EXPECT_EQ(world_.rows(), 0U);
}

TEST_F(reservation, numbers_end_at_48_bits) {
  const auto lease = world_.keep("h", "k", true, max_sequence_numbers - 10);
  world_.settle();
  EXPECT_EQ(world_.row("h")->write_reserved, max_sequence_numbers);
  EXPECT_TRUE(lease->may_write(max_sequence_numbers - 1));
  EXPECT_FALSE(world_.submit()) << "there are no more to reserve";
  EXPECT_FALSE(lease->may_write(max_sequence_numbers));
  lease->note({max_sequence_numbers, {}});
  EXPECT_TRUE(lease->is_refused());
  lease->release({max_sequence_numbers, {}});
  EXPECT_FALSE(world_.store().peek(alice, "h", {1}));
}

TEST_F(reservation, only_this_boot_drops_the_rows_of_another) {
  world_.bounds.only_this_boot = true;
  world_.kill_process();
  world_.keep("clean", "c")->release({5, {}});
  auto lease = world_.keep("used", "u");
  world_.settle();
  world_.kill_process();
  EXPECT_TRUE(world_.store().peek(alice, "clean", {1}));
  EXPECT_TRUE(world_.store().peek(alice, "used", {1}));
  world_.crash_machine();
  EXPECT_FALSE(world_.store().peek(alice, "clean", {1}));
  EXPECT_FALSE(world_.store().peek(alice, "used", {1}));
  world_.settle();
  EXPECT_EQ(world_.rows(), 0U);
}

// ---- one handle, one association after the other

TEST_F(reservation, the_answer_for_an_older_association_is_none_for_the_new_one) {
  auto older = world_.keep("h", "older");
  EXPECT_TRUE(world_.submit());
  auto newer = world_.keep("h", "newer", true, 5000);
  world_.complete();
  EXPECT_TRUE(newer->may_write(1'000'000)) << "no row of it was submitted";
  EXPECT_TRUE(world_.submit());
  EXPECT_FALSE(newer->may_write(5000 + 1024));
  world_.complete();
  EXPECT_EQ(as_text(world_.row("h")->constant.view()), "newer");
}

TEST_F(reservation, an_older_row_never_comes_back_once_the_newer_is_erased) {
  // Every order of completing, failing, and dying for: older row, erasure or replacement, erasure.
  association_world world;
  for (int erased_between = 0; erased_between < 2; ++erased_between)
    for (int submitted_between = 0; submitted_between < 2; ++submitted_between)
      for (int failures = 0; failures < 27; ++failures) {
        world.begin_anew();
        auto outcomes = failures;
        const auto answer = [&] {
          const auto outcome = outcomes % 3;
          outcomes /= 3;
          if (world.in_flight() == 0) return;
          if (outcome == 0) world.complete();
          if (outcome == 1) world.fail(lost::before_the_disk);
          if (outcome == 2) world.fail(lost::behind_the_disk);
        };
        auto older = world.keep("h", "older");
        world.submit();
        if (erased_between != 0) older->erase();
        answer();
        if (submitted_between != 0) {
          world.submit();
          if (failures % 2 != 0) answer();
        }
        auto newer = world.keep("h", "newer");
        answer();
        world.submit();
        newer->erase();
        answer();
        world.settle();
        EXPECT_EQ(world.rows(), 0U) << erased_between << submitted_between << failures;
      }
}

TEST_F(reservation, an_erasure_that_is_owed_ends_with_the_new_row) {
  auto older = world_.keep("h", "older");
  world_.settle();
  older->erase();
  EXPECT_TRUE(world_.submit());
  auto newer = world_.keep("h", "newer");
  world_.fail(lost::before_the_disk);
  world_.settle();
  EXPECT_EQ(as_text(world_.row("h")->constant.view()), "newer");
  newer->erase();
  world_.settle();
  EXPECT_EQ(world_.rows(), 0U);
}

TEST_F(reservation, an_erasure_that_failed_is_owed_whatever_came_under_the_name_meanwhile) {
  auto older = world_.keep("h", "older");
  world_.settle();
  older->erase();
  EXPECT_TRUE(world_.submit());
  auto newer = world_.keep("h", "newer");
  world_.fail(lost::before_the_disk);
  newer->erase();  // before its row was submitted
  world_.settle();
  EXPECT_EQ(world_.rows(), 0U);
}

TEST_F(reservation, an_older_association_that_was_being_taken_is_not_used_beside_the_newer) {
  world_.keep("h", "older")->release({20, {}});
  world_.settle();
  auto older = take();
  EXPECT_TRUE(world_.submit());  // its row says in use
  auto newer = world_.keep("h", "newer");
  EXPECT_FALSE(older.lease->may_write(20));
  world_.complete();
  EXPECT_FALSE(older.lease->may_write(20));
  world_.kill_process();
  // The newer one never came to the disk, and the older one was over.
  EXPECT_FALSE(world_.store().take(alice, "h", {1}));
}

TEST_F(reservation, what_was_over_is_not_taken_up_whatever_the_disk_says) {
  auto lease = world_.keep("h", "closed");
  world_.settle();
  lease->erase();
  world_.kill_process();  // before the row is gone
  EXPECT_FALSE(world_.store().take(alice, "h", {1}));
}

}  // namespace
}  // namespace tlsmodem::test

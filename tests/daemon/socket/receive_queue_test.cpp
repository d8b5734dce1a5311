#include "daemon/socket/receive_queue.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tlsmodem::test {
namespace {

using kind = receive_queue::kind;

std::string take(receive_queue& queue, std::size_t max_bytes = 65536) {
  const auto frame = queue.take(max_bytes);
  return std::string(as_text(frame.data)) + (frame.is_truncated ? " (cut)" : "");
}

TEST(receive_queue, keeps_the_boundaries_of_datagrams) {
  receive_queue queue(kind::datagrams);
  for (const auto* text : {"one", "", "three"}) queue.push(as_bytes(text));
  EXPECT_EQ(queue.unread_bytes(), 8U);
  EXPECT_EQ(take(queue), "one");
  EXPECT_EQ(take(queue), "");
  EXPECT_EQ(take(queue), "three");
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.unread_bytes(), 0U);
}

TEST(receive_queue, cuts_a_datagram_that_is_taken_in_part) {
  receive_queue queue(kind::datagrams);
  queue.push(as_bytes("0123456789"));
  queue.push(as_bytes("whole"));
  queue.push(as_bytes("came cut"), true);
  EXPECT_EQ(take(queue, 4), "0123 (cut)");
  EXPECT_EQ(queue.unread_bytes(), 13U);
  EXPECT_EQ(take(queue, 5), "whole");
  EXPECT_EQ(take(queue), "came cut (cut)");
}

TEST(receive_queue, splits_and_joins_a_stream) {
  receive_queue queue(kind::stream);
  queue.push({});
  EXPECT_TRUE(queue.empty());
  queue.push(as_bytes("0123"));
  queue.push(as_bytes("4567"));
  EXPECT_EQ(take(queue, 1), "0");
  EXPECT_EQ(take(queue, 5), "12345");
  queue.push(as_bytes("89"));
  EXPECT_EQ(queue.unread_bytes(), 4U);
  EXPECT_EQ(take(queue), "6789");
  EXPECT_TRUE(queue.empty());
}

TEST(receive_queue, joins_the_crumbs_of_a_stream) {
  receive_queue queue(kind::stream);
  for (int i = 0; i < 100'000; ++i) queue.push(as_bytes("x"));
  std::size_t frames = 0;
  while (!queue.empty()) {
    take(queue);
    ++frames;
  }
  EXPECT_EQ(frames, 2U);  // of 65,536 bytes at most
}

TEST(receive_queue, holds_256_kibibytes_of_datagrams_and_drops_the_newest) {
  receive_queue queue(kind::datagrams);
  const std::string large(16384, 'x');
  for (int i = 0; i < 16; ++i) queue.push(as_bytes(large));
  EXPECT_EQ(queue.dropped_datagrams(), 0U);
  EXPECT_EQ(queue.unread_bytes(), receive_queue_bytes);
  queue.push(as_bytes("y"));
  EXPECT_EQ(queue.dropped_datagrams(), 1U);
  take(queue);
  queue.push(as_bytes(large + "y"));
  EXPECT_EQ(queue.dropped_datagrams(), 2U);
  queue.push(as_bytes("z"));
  EXPECT_EQ(queue.dropped_datagrams(), 2U);
  for (int i = 0; i < 15; ++i) take(queue);
  EXPECT_EQ(take(queue), "z");
}

TEST(receive_queue, holds_a_limited_count_of_datagrams_that_hold_nothing) {
  receive_queue queue(kind::datagrams);
  for (int i = 0; i < 5000; ++i) queue.push({});
  EXPECT_EQ(queue.dropped_datagrams(), 5000U - 4096U);
  int kept = 0;
  for (; !queue.empty(); ++kept) take(queue);
  EXPECT_EQ(kept, 4096);
}

TEST(receive_queue, never_drops_of_a_stream_but_says_when_it_is_full) {
  receive_queue queue(kind::stream);
  queue.push(as_bytes(std::string(receive_queue_bytes - 1, 'x')));
  EXPECT_FALSE(queue.is_full());
  queue.push(as_bytes("y"));
  EXPECT_TRUE(queue.is_full());
  queue.push(as_bytes("z"));
  EXPECT_EQ(queue.unread_bytes(), receive_queue_bytes + 1);
  EXPECT_EQ(queue.dropped_datagrams(), 0U);
  take(queue, 2);
  EXPECT_FALSE(queue.is_full());
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.unread_bytes(), 0U);
}

}  // namespace
}  // namespace tlsmodem::test

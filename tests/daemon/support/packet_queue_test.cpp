#include "daemon/support/packet_queue.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace tlsmodem {
namespace {

bytes front_of(const packet_queue& queue) { return {queue.front().begin(), queue.front().end()}; }

TEST(packet_queue, keeps_borders_also_of_empty_packets) {
  packet_queue queue;
  EXPECT_TRUE(queue.empty());
  queue.push(as_bytes("one"));
  queue.push({});
  queue.push(as_bytes("three"));
  EXPECT_EQ(queue.packets(), 3U);
  EXPECT_EQ(queue.bytes(), 8U);
  EXPECT_EQ(front_of(queue), to_bytes("one"));
  queue.pop();
  EXPECT_TRUE(queue.front().empty());
  queue.pop();
  EXPECT_EQ(front_of(queue), to_bytes("three"));
  queue.pop();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST(packet_queue, extends_up_to_the_chunk_size) {
  packet_queue queue;
  queue.extend(as_bytes("abc"), 5);
  queue.extend(as_bytes("de"), 5);
  EXPECT_EQ(queue.packets(), 1U);
  queue.extend(as_bytes("f"), 5);
  EXPECT_EQ(queue.packets(), 2U);
  EXPECT_EQ(front_of(queue), to_bytes("abcde"));
}

TEST(packet_queue, consumes_parts_but_never_more_than_a_packet) {
  packet_queue queue;
  queue.push(as_bytes("hello"));
  queue.push(as_bytes("next"));
  queue.consume(2);
  EXPECT_EQ(front_of(queue), to_bytes("llo"));
  queue.consume(100);
  EXPECT_EQ(front_of(queue), to_bytes("next"));
  queue.clear();
  EXPECT_TRUE(queue.empty());
}

TEST(packet_queue, agrees_with_a_simple_model) {
  std::minstd_rand random(3);
  packet_queue queue;
  std::deque<tlsmodem::bytes> model;
  std::size_t model_bytes = 0;
  for (int i = 0; i < 20000; ++i) {
    if (random() % 2 == 0) {
      tlsmodem::bytes packet(random() % 300, static_cast<std::uint8_t>(i));
      queue.push(packet);
      model_bytes += packet.size();
      model.push_back(std::move(packet));
    } else if (!model.empty()) {
      ASSERT_EQ(front_of(queue), model.front());
      model_bytes -= model.front().size();
      queue.pop();
      model.pop_front();
    }
    ASSERT_EQ(queue.bytes(), model_bytes);
    ASSERT_EQ(queue.empty(), model.empty());
  }
}

}  // namespace
}  // namespace tlsmodem

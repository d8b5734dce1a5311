#include "daemon/support/secret.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <type_traits>

namespace tlsmodem {
namespace {

template <typename Value>
concept printable = requires(std::ostream& out, const Value& value) {
  out << value;
};

static_assert(!std::is_copy_constructible_v<secret>);
static_assert(!std::is_copy_assignable_v<secret>);
static_assert(std::is_nothrow_move_constructible_v<secret>);
static_assert(std::is_nothrow_move_assignable_v<secret>);
static_assert(!printable<secret>);

TEST(secret, moves_and_clones) {
  secret first(as_bytes("key"));
  secret twin = first.clone();
  secret second = std::move(first);
  EXPECT_EQ(as_text(second.view()), "key");
  EXPECT_EQ(as_text(twin.view()), "key");
  EXPECT_NE(second.view().data(), twin.view().data());
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  second = std::move(twin);
  EXPECT_EQ(second.size(), 3U);
}

TEST(secret, takes_memory_over_without_a_copy) {
  bytes data = to_bytes("a secret that is long enough for the heap");
  const std::uint8_t* const where = data.data();
  const secret taken(std::move(data));
  EXPECT_EQ(taken.view().data(), where);
  EXPECT_TRUE(data.empty());  // NOLINT(bugprone-use-after-move): that is what is tested
}

}  // namespace
}  // namespace tlsmodem

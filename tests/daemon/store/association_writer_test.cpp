// Associations over a real store: who waits for numbers hears of it from the event loop.
#include "association_world.hpp"
#include "daemon/store/row_writer.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

// As the server puts the parts together.
class daemon_part {
 public:
  explicit daemon_part(const store_place& place)
      : store_(io_, place.path(), std::nullopt, {20ms, 20ms}),
        associations_({}, [] { return std::chrono::sys_seconds(std::chrono::seconds(1000)); }),
        writer_(io_, store_, associations_) {
    store_.on_reopened([this](const store::opening& opened) { writer_.load(opened); });
    const auto opened = store_.start();
    EXPECT_TRUE(opened);
    counters_.emplace(place.path(), counter_file::this_boot());
    anchor_.emplace(place.path(), *counters_);
    associations_.attach(&*counters_, &*anchor_);
    writer_.load(*opened);
  }

  association_store& associations() { return associations_; }
  bool run_until(const std::function<bool()>& condition) {
    const auto limit = deadline();
    while (!condition() && std::chrono::steady_clock::now() < limit) {
      io_.restart();
      io_.run_one_for(10ms);
    }
    return condition();
  }
  void stop() {
    writer_.finish();
    store_.stop();
  }
  std::uint64_t commits() const { return store_.commits(); }

 private:
  boost::asio::io_context io_;
  store::store store_;
  std::optional<counter_file> counters_;
  std::optional<store_anchor> anchor_;
  association_store associations_;
  row_writer writer_;
};

std::optional<association_store::taken> take(daemon_part& from) {
  return from.associations().take(alice, "h", {1});
}

TEST(association_writer, a_stopped_daemon_leaves_exact_numbers_to_the_next) {
  const store_place place;
  {
    daemon_part first(place);
    const auto lease = first.associations().keep(alice, "h", place_of_association(), secret_of("k"), {1, {}});
    EXPECT_TRUE(lease->may_write(1));
    lease->release({42, {}});
    first.stop();
  }
  daemon_part second(place);
  const auto taken = take(second);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->counters.write_next, 42U);
  int told = 0;
  taken->lease->on_reserved([&] { ++told; });
  EXPECT_FALSE(taken->lease->may_write(42));
  EXPECT_TRUE(second.run_until([&] { return told > 0; }));
  EXPECT_TRUE(taken->lease->may_write(42));
}

// Has this many rows of 1 MiB to write.
class large_rows final : public row_owner {
 public:
  explicit large_rows(std::size_t count) : left_(count) {}
  std::size_t load(const std::vector<store::row>&) override { return 0; }
  std::vector<store::change> take_changes(std::size_t max_bytes) override {
    std::vector<store::change> batch;
    for (std::size_t size = 0; size < max_bytes && left_ > 0; size += store::max_content_bytes, --left_)
      batch.push_back(
          {store::table::sessions, alice, std::to_string(left_), secret(bytes(store::max_content_bytes))});
    return batch;
  }
  void put_back(const std::vector<row_name>&) override {}
  void write_all_again() override {}

 private:
  std::size_t left_;
};

TEST(row_writer, that_finishes_writes_more_than_the_store_takes_at_once) {
  constexpr std::size_t count = store::store::max_waiting_bytes / store::max_content_bytes + 4;
  const store_place place;
  boost::asio::io_context io;
  store::store store(io, place.path(), std::nullopt);
  large_rows rows(count);
  row_writer writer(io, store, rows);
  ASSERT_TRUE(store.start());
  writer.finish();
  store.stop();
  store::store again(io, place.path(), std::nullopt);
  const auto opened = again.start();
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->rows.size(), count);
}

TEST(association_writer, a_killed_daemon_loses_no_number) {
  const store_place place;
  // A process of its own, which ends without a destructor.
  EXPECT_TRUE(succeeds_in_child([&] {
    daemon_part first(place);
    const auto lease = first.associations().keep(alice, "h", place_of_association(), secret_of("k"), {1, {}});
    const auto before = first.commits();
    EXPECT_TRUE(first.run_until([&] { return first.commits() > before; }));
    lease->note({42, {}});
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }));
  daemon_part second(place);
  const auto taken = take(second);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->counters.write_next, 42U);
  EXPECT_TRUE(taken->lease->may_write(42));
}

TEST(association_writer, who_waits_while_the_store_fails_is_refused_and_then_told) {
  const store_place place;
  daemon_part part(place);
  const auto lease = part.associations().keep(alice, "h", place_of_association(), secret_of("k"), {0, {}});
  const auto before = part.commits();
  EXPECT_TRUE(part.run_until([&] { return part.commits() > before; }));
  write_lock lock(place.file());
  EXPECT_FALSE(lease->may_write(1024));
  EXPECT_TRUE(part.run_until([&] { return lease->is_refused(); }));
  lock.release();
  int told = 0;
  lease->on_reserved([&] { ++told; });
  EXPECT_TRUE(part.run_until([&] { return lease->may_write(1024); }));
  EXPECT_GT(told, 0);
  EXPECT_FALSE(lease->is_refused());
}

}  // namespace
}  // namespace tlsmodem::test

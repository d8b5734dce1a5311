#include "daemon/store/store.hpp"

#include "store_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace tlsmodem::test {
namespace {

using at::error;
using namespace std::chrono_literals;

class durable_store : public ::testing::Test {
 protected:
  // Runs the event loop until it is so.
  bool run_until(const std::function<bool()>& condition) {
    const auto limit = deadline();
    while (!condition() && std::chrono::steady_clock::now() < limit) {
      io_.restart();
      io_.run_one_for(10ms);
    }
    return condition();
  }
  void make(store::store::timing times = {20ms, 5s}, std::optional<std::string> key_file = {}) {
    store_.emplace(io_, place_.path(), std::move(key_file), times);
    store_->on_reopened([this](store::opening news) { news_.push_back(std::move(news)); });
  }
  at::result<store::opening> start() {
    make();
    return store_->start();
  }
  void submit(std::vector<store::change> changes) {
    const auto index = outcomes_.size();
    outcomes_.push_back("waiting");
    store_->submit(std::move(changes), [this, index](std::optional<at::failure> wrong) {
      outcomes_[index] = wrong ? wrong->text : "done";
      codes_.push_back(wrong ? static_cast<int>(wrong->code) : 0);
    });
  }
  bool all_answered() {
    return run_until(
        [&] { return std::find(outcomes_.begin(), outcomes_.end(), "waiting") == outcomes_.end(); });
  }

  boost::asio::io_context io_;
  store_place place_;
  std::optional<store::store> store_;
  std::vector<store::opening> news_;
  std::vector<std::string> outcomes_;
  std::vector<int> codes_;  // in the order of the answers
};

TEST_F(durable_store, keeps_what_was_submitted) {
  const auto first = start();
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->is_new);
  EXPECT_EQ(first->trouble, "");
  EXPECT_TRUE(first->rows.empty());
  submit(list(put("a", "x"), put("b", "y")));
  submit(list(erase("b")));
  submit({});
  EXPECT_TRUE(all_answered());
  EXPECT_EQ(outcomes_, std::vector<std::string>(3, "done"));
  EXPECT_EQ(store_->trouble(), "");
  store_->stop();
  EXPECT_EQ(place_.files(), (std::set<std::string>{"store.db", "store.key"}));

  const auto second = start();
  ASSERT_TRUE(second);
  EXPECT_FALSE(second->is_new);
  EXPECT_EQ(texts(second->rows), row_texts{"credential/1000/a=x"});
  EXPECT_TRUE(news_.empty());
}

TEST_F(durable_store, answers_from_the_event_loop_only) {
  ASSERT_TRUE(start());
  submit(list(put("a", "x")));
  EXPECT_TRUE(eventually([&] { return store_->commits() == 2; }));
  EXPECT_EQ(outcomes_.front(), "waiting");
  EXPECT_TRUE(all_answered());
}

TEST_F(durable_store, writes_everything_before_it_stops) {
  ASSERT_TRUE(start());
  for (int i = 0; i < 100; ++i) submit(list(put("row" + std::to_string(i), "x")));
  store_->stop();
  EXPECT_TRUE(all_answered());
  EXPECT_EQ(codes_, std::vector<int>(100, 0));
  submit(list(put("late", "x")));
  EXPECT_TRUE(all_answered());
  EXPECT_EQ(codes_.back(), static_cast<int>(error::store_unavailable));
  EXPECT_EQ(start()->rows.size(), 100U);
}

TEST_F(durable_store, answers_nobody_once_it_is_gone) {
  ASSERT_TRUE(start());
  for (int i = 0; i < 10; ++i) submit(list(put("row" + std::to_string(i), "x")));
  store_.reset();
  io_.restart();
  io_.run();
  EXPECT_TRUE(codes_.empty());
  EXPECT_EQ(start()->rows.size(), 10U);
}

TEST_F(durable_store, may_be_destroyed_by_its_answer) {
  ASSERT_TRUE(start());
  write_lock lock(place_.file());
  store_->submit(list(put("a", "x")), [this](const auto&) { store_.reset(); });
  for (int i = 0; i < 10; ++i) submit(list(put("row" + std::to_string(i), "x")));
  lock.release();
  EXPECT_TRUE(run_until([&] { return !store_; }));
  io_.restart();
  io_.run();
}

TEST_F(durable_store, writes_all_that_waits_in_one_transaction) {
  ASSERT_TRUE(start());
  write_lock lock(place_.file());
  const auto before = store_->commits();
  for (int i = 0; i < 200; ++i) submit(list(put("row" + std::to_string(i), "x")));
  EXPECT_EQ(store_->commits(), before);
  lock.release();
  EXPECT_TRUE(all_answered());
  // The first may have been taken before the others came.
  EXPECT_LE(store_->commits(), before + 2);
  EXPECT_EQ(codes_, std::vector<int>(200, 0));
}

TEST_F(durable_store, blames_only_the_submit_that_is_wrong) {
  ASSERT_TRUE(start());
  write_lock lock(place_.file());
  submit(list(put("first", "x")));
  submit(list(put("good in bad company", "x"), put("", "x")));
  submit(list(put("last", "x")));
  lock.release();
  EXPECT_TRUE(all_answered());
  EXPECT_EQ(codes_, (std::vector<int>{0, static_cast<int>(error::incorrect_parameters), 0}));
  EXPECT_EQ(store_->trouble(), "");
  store_->stop();
  EXPECT_EQ(texts(start()->rows), (row_texts{"credential/1000/first=x", "credential/1000/last=x"}));
}

TEST_F(durable_store, does_not_make_its_caller_wait_for_a_lock_and_has_room_for_16_mebibytes) {
  ASSERT_TRUE(start());
  write_lock lock(place_.file());
  const std::string mebibyte(1024 * 1024, 'c');
  for (int i = 0; i < 20; ++i) submit(list(put("row" + std::to_string(i), mebibyte)));
  EXPECT_TRUE(run_until([&] { return codes_.size() == 5; }));
  EXPECT_EQ(codes_, std::vector<int>(5, static_cast<int>(error::store_unavailable)));
  EXPECT_EQ(outcomes_.back(), "Too much is waiting to be stored.");
  lock.release();
  EXPECT_TRUE(all_answered());
  submit(list(put("more", "x")));
  EXPECT_TRUE(all_answered());
  EXPECT_EQ(outcomes_.back(), "done");
  store_->stop();
  EXPECT_EQ(start()->rows.size(), 16U);
}

TEST_F(durable_store, tells_trouble_and_its_end_once) {
  const captured_log log;
  make({20ms, 10ms});
  ASSERT_TRUE(store_->start());
  write_lock lock(place_.file());
  for (int i = 0; i < 3; ++i) {
    submit(list(put("a", "lost")));
    EXPECT_TRUE(all_answered());
    EXPECT_EQ(codes_.back(), static_cast<int>(error::store_unavailable));
    EXPECT_NE(store_->trouble().find("database is locked"), std::string::npos) << store_->trouble();
  }
  EXPECT_TRUE(news_.empty());
  lock.release();
  EXPECT_TRUE(run_until([&] { return news_.size() == 1; }));
  EXPECT_EQ(store_->trouble(), "");
  EXPECT_FALSE(news_.front().is_new);
  EXPECT_TRUE(news_.front().rows.empty());  // they are known
  submit(list(put("b", "x")));
  EXPECT_TRUE(all_answered());
  store_->stop();
  EXPECT_EQ(log.count("the store does not work"), 1) << log.text();
  EXPECT_EQ(log.count("the store works again"), 1) << log.text();
  EXPECT_EQ(texts(start()->rows), row_texts{"credential/1000/b=x"});
}

TEST_F(durable_store, under_another_key_serves_without_it_until_the_key_is_back) {
  ASSERT_TRUE(start());
  submit(list(put("a", "x")));
  EXPECT_TRUE(all_answered());
  store_->stop();
  const auto right = read_file(place_.path("store.key"));
  write_file(place_.path("store.key"), std::string(32, 'w'));

  const auto found = start();
  ASSERT_TRUE(found);
  EXPECT_NE(found->trouble.find("was written with another key"), std::string::npos) << found->trouble;
  EXPECT_TRUE(found->rows.empty());
  submit(list(put("b", "lost")));
  EXPECT_TRUE(all_answered());
  EXPECT_EQ(outcomes_.back(), store_->trouble());

  write_file(place_.path("store.key"), right);
  EXPECT_TRUE(run_until([&] { return !news_.empty(); }));
  EXPECT_EQ(texts(news_.front().rows), row_texts{"credential/1000/a=x"});
  EXPECT_FALSE(news_.front().is_new);
}

TEST_F(durable_store, that_was_damaged_is_made_anew_and_says_so) {
  make({20ms, 10ms});
  ASSERT_TRUE(store_->start());
  submit(list(put("a", "x")));
  EXPECT_TRUE(all_answered());
  run_sql(place_.file(), "PRAGMA wal_checkpoint(TRUNCATE)");  // or the log would hide the damage
  write_lock lock(place_.file());
  submit(list(put("b", "lost")));
  EXPECT_TRUE(all_answered());
  EXPECT_NE(store_->trouble(), "");
  // In place: the store tries again meanwhile, and would make an emptied file anew.
  std::fstream(place_.file(), std::ios::in | std::ios::out) << std::string(5000, 'x') << std::flush;
  lock.release();

  EXPECT_TRUE(run_until([&] { return !news_.empty(); }));
  EXPECT_TRUE(news_.front().is_new);
  EXPECT_TRUE(news_.front().rows.empty());
  EXPECT_EQ(store_->trouble(), "");
  EXPECT_NE(place_.file_beginning("store.db.damaged-"), "");
  submit(list(put("c", "x")));
  EXPECT_TRUE(all_answered());
  EXPECT_EQ(outcomes_.back(), "done");
  store_->stop();
  EXPECT_EQ(texts(start()->rows), row_texts{"credential/1000/c=x"});
}

TEST_F(durable_store, does_not_start_when_a_person_has_to_mend_something) {
  const struct {
    std::string what;
    std::function<void()> prepare;
    std::string part;
  } cases[] = {
      {"newer", [&] { run_sql(place_.file(), "PRAGMA user_version = 9"); }, "newer tlsmodemd"},
      {"short key", [&] { write_file(place_.path("store.key"), "short"); }, "32 to 4096 bytes"},
      {"directory", [&] { std::filesystem::permissions(place_.path(), std::filesystem::perms(0755)); },
       "chmod 700"}};
  ASSERT_TRUE(start());
  store_->stop();
  for (const auto& c : cases) {
    c.prepare();
    const auto outcome = start();
    ASSERT_FALSE(outcome) << c.what;
    EXPECT_NE(outcome.why().text.find(c.part), std::string::npos) << outcome.why().text;
  }
}

TEST_F(durable_store, does_not_start_without_the_key_file_that_it_was_told) {
  make({20ms, 5s}, place_.path("none"));
  EXPECT_EQ(store_->start().why().code, error::credentials_unusable);
}

TEST_F(durable_store, has_one_daemon_at_a_time) {
  ASSERT_TRUE(start());
  store::store second(io_, place_.path(), std::nullopt);
  EXPECT_EQ(second.start().why().text, "Another tlsmodemd already uses " + place_.path() + ".");
  store_->stop();
  EXPECT_TRUE(second.start());
}

}  // namespace
}  // namespace tlsmodem::test

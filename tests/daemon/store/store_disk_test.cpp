// Disks that are full or read-only: a tmpfs of this test alone.
#include "daemon/store/store.hpp"
#include "store_fixture.hpp"

#include <unistd.h>

#include <gtest/gtest.h>

#include <filesystem>

namespace tlsmodem::test {
namespace {

using namespace std::chrono_literals;

// A store whose every submit is waited for.
class user_of_store {
 public:
  explicit user_of_store(const store_place& place) : store_(io_, place.path(), std::nullopt, {20ms, 5s}) {
    store_.on_reopened([this](store::opening found) { news.push_back(std::move(found)); });
  }
  at::result<store::opening> start() { return store_.start(); }
  std::string submit(std::vector<store::change> changes) {
    std::optional<std::string> outcome;
    store_.submit(std::move(changes), [&](const auto& wrong) { outcome = wrong ? wrong->text : ""; });
    run_until([&] { return outcome.has_value(); });
    return outcome.value_or("never answered");
  }
  bool run_until(const std::function<bool()>& condition) {
    const auto limit = deadline();
    while (!condition() && std::chrono::steady_clock::now() < limit) {
      io_.restart();
      io_.run_one_for(10ms);
    }
    return condition();
  }
  const std::string& trouble() const { return store_.trouble(); }

  std::vector<store::opening> news;

 private:
  boost::asio::io_context io_;
  store::store store_;
};

void fill_the_disk(const store_place& place) {
  row_texts written;
  user_of_store user(place);
  ASSERT_TRUE(user.start());
  std::string reason;
  for (int i = 0; i < 100 && reason.empty(); ++i) {
    const auto name = "row" + std::to_string(i);
    reason = user.submit(list(put(name, std::string(20'000, 'c'))));
    if (reason.empty()) written.insert("credential/1000/" + name + "=" + std::string(20'000, 'c'));
  }
  EXPECT_NE(reason.find("full"), std::string::npos) << reason;
  EXPECT_NE(user.trouble(), "");
  EXPECT_GE(written.size(), 3U);

  ASSERT_TRUE(std::filesystem::remove(place.path("ballast")));
  EXPECT_TRUE(user.run_until([&] { return user.trouble().empty(); }));
  ASSERT_FALSE(user.news.empty());
  EXPECT_FALSE(user.news.back().is_new);
  EXPECT_TRUE(user.news.back().rows.empty());
  EXPECT_EQ(user.submit(list(put("after", "x"))), "");
  written.insert("credential/1000/after=x");

  user_of_store second(place);
  EXPECT_FALSE(second.start());  // the first one is still there
  EXPECT_TRUE(succeeds_in_child([&] {
    // As after a power cut: another process reads what is there.
    auto opened = store::database::open(place.path(), secret_of(read_file(place.path("store.key"))));
    EXPECT_TRUE(texts(opened.load()->rows) == written);
  }));
}

TEST(store_disk, that_is_full_fails_what_comes_and_keeps_what_was) {
  const store_place place;
  const auto outcome = succeeds_on_tmpfs(place.path(), "size=512k,mode=700", [&] {
    write_file(place.path("ballast"), std::string(160 * 1024, 'b'));
    fill_the_disk(place);
    EXPECT_EQ(place.file_beginning("store.db.damaged"), "");
  });
  if (!outcome) GTEST_SKIP() << "this system does not let us mount";
  EXPECT_TRUE(*outcome);
}

TEST(store_disk, that_is_full_at_the_start_is_used_when_there_is_room) {
  const store_place place;
  const auto outcome = succeeds_on_tmpfs(place.path(), "size=256k,mode=700", [&] {
    write_file(place.path("ballast"), std::string(248 * 1024, 'b'));
    user_of_store user(place);
    const auto found = user.start();
    ASSERT_TRUE(found);
    EXPECT_NE(found->trouble, "");
    EXPECT_EQ(user.submit(list(put("a", "lost"))), user.trouble());
    ASSERT_TRUE(std::filesystem::remove(place.path("ballast")));
    EXPECT_TRUE(user.run_until([&] { return !user.news.empty(); }));
    EXPECT_TRUE(user.news.back().is_new);
    EXPECT_EQ(user.submit(list(put("b", "x"))), "");
  });
  if (!outcome) GTEST_SKIP() << "this system does not let us mount";
  EXPECT_TRUE(*outcome);
}

TEST(store_disk, that_is_read_only_at_the_start_is_read_and_used_when_it_is_writable) {
  const store_place place;
  const auto outcome = succeeds_on_tmpfs(place.path(), "mode=700", [&] {
    {
      user_of_store user(place);
      ASSERT_TRUE(user.start());
      EXPECT_EQ(user.submit(list(put("a", "x"))), "");
    }
    ASSERT_TRUE(remount(place.path(), true));
    user_of_store user(place);
    const auto found = user.start();
    ASSERT_TRUE(found);
    EXPECT_NE(found->trouble.find("cannot be written"), std::string::npos) << found->trouble;
    EXPECT_EQ(texts(found->rows), row_texts{"credential/1000/a=x"});
    EXPECT_EQ(user.submit(list(put("b", "lost"))), user.trouble());
    ASSERT_TRUE(eventually([&] { return remount(place.path(), false); }));
    EXPECT_TRUE(user.run_until([&] { return !user.news.empty(); }));
    EXPECT_TRUE(user.news.back().rows.empty());  // they are known
    EXPECT_FALSE(user.news.back().is_new);
    EXPECT_EQ(user.submit(list(put("b", "y"))), "");
  });
  if (!outcome) GTEST_SKIP() << "this system does not let us mount";
  EXPECT_TRUE(*outcome);
}

}  // namespace
}  // namespace tlsmodem::test

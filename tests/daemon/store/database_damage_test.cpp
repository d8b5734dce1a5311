// Files that were changed by somebody else, or by a broken disk.
#include "daemon/store/database.hpp"
#include "store_fixture.hpp"

#include <unistd.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

namespace tlsmodem::test {
namespace {

using store::open_outcome;

class damaged_database : public ::testing::Test {
 protected:
  // Each row's content tells its place and is like no other.
  static std::vector<store::change> many_rows() {
    std::vector<store::change> all;
    for (int i = 0; i < 60; ++i) {
      const auto name = "row" + std::to_string(i);
      all.push_back(put(name, name + std::string(static_cast<std::size_t>(i) * 10, 'c'), 1000,
                        i % 2 == 0 ? in_credentials : in_sessions));
    }
    return all;
  }
  static row_texts expected_rows() {
    std::vector<store::row> rows;
    for (auto& each : many_rows()) rows.push_back({each.in, each.user, each.name, std::move(*each.content)});
    return texts(rows);
  }

  // Whatever the file is: no crash, each row right or gone, and a store that works unless it says otherwise.
  void expect_right_or_gone(const row_texts& expected, const std::string& what) {
    auto opened = place_.open();
    auto found = opened.load();
    if (found) {
      const auto seen = texts(found->rows);
      EXPECT_TRUE(std::includes(expected.begin(), expected.end(), seen.begin(), seen.end())) << what;
    } else {
      EXPECT_NE(opened.trouble(), "") << what;
    }
    if (opened.outcome() == open_outcome::ready) {
      const auto wrong = opened.apply(list(put("more", "x")));
      EXPECT_TRUE(!wrong || opened.outcome() == open_outcome::unavailable) << what;
    }
  }
  // Behind the back of who has the file open, whose cache the write to meta makes invalid.
  void damage_page_of(const std::string& tree) {
    const auto page =
        run_sql(place_.file(), "SELECT rootpage FROM sqlite_schema WHERE name = '" + tree + "'");
    run_sql(place_.file(), "PRAGMA wal_checkpoint(TRUNCATE)");
    auto content = read_file(place_.file());
    content.replace((std::stoul(page) - 1) * 4096, 4096, std::string(4096, '\xff'));
    std::fstream file(place_.file(), std::ios::in | std::ios::out | std::ios::binary);
    file << content;
    file.close();
    run_sql(place_.file(), "INSERT INTO meta(name, value) VALUES('test', 1)");
  }
  void start_again(const std::string& content) {
    for (const auto& name : place_.files()) std::filesystem::remove(place_.path(name));
    write_file(place_.file(), content);
  }

  store_place place_;
};

TEST_F(damaged_database, drops_the_rows_that_do_not_open_and_says_so_once) {
  const std::string changes[] = {
      "UPDATE credential SET sealed = zeroblob(length(sealed)) WHERE name = 'a'",
      // The byte may be 0 already.
      "UPDATE credential SET sealed = substr(sealed, 1, 20) || CASE substr(sealed, 21, 1) WHEN x'00' THEN "
      "x'01' "
      "ELSE x'00' END || substr(sealed, 22) WHERE name = 'a'",
      "UPDATE credential SET sealed = x'' WHERE name = 'a'",
      "UPDATE credential SET sealed = 'text' WHERE name = 'a'",
      "UPDATE credential SET user = 1001 WHERE name = 'a'",
      "UPDATE credential SET user = -1 WHERE name = 'a'",
      "UPDATE credential SET user = 4294968296 WHERE name = 'a'",
      "UPDATE credential SET user = 'text' WHERE name = 'a'",
      "UPDATE credential SET name = 'c' WHERE name = 'a'", "UPDATE credential SET name = '' WHERE name = 'a'",
      "UPDATE credential SET name = zeroblob(100) WHERE name = 'a'",
      "UPDATE credential SET generation = generation + 1 WHERE name = 'a'",
      "UPDATE credential SET generation = -1 WHERE name = 'a'",
      "UPDATE credential SET generation = 'text' WHERE name = 'a'",
      "UPDATE credential SET sealed = (SELECT sealed FROM credential WHERE name = 'b') WHERE name = 'a'",
      "UPDATE credential SET sealed = (SELECT sealed FROM session WHERE name = 'a') WHERE name = 'a'"};
  for (const auto& change : changes) {
    std::filesystem::remove(place_.file());
    place_.write(list(put("a", "x"), put("b", "y")));
    place_.write(list(put("a", "z", 1000, in_sessions)));
    run_sql(place_.file(), change);
    const captured_log log;
    auto opened = place_.open();
    const auto found = opened.load();
    ASSERT_TRUE(found) << change;
    EXPECT_EQ(found->damaged_rows, 1U) << change;
    EXPECT_EQ(texts(found->rows), (row_texts{"credential/1000/b=y", "session/1000/a=z"})) << change;
    EXPECT_EQ(log.count("stored rows cannot be read and are not used table=credential uid="), 1)
        << log.text();
    EXPECT_EQ(run_sql(place_.file(), "SELECT count(*) FROM credential"), "1") << change;
    EXPECT_EQ(opened.load()->damaged_rows, 0U);
    EXPECT_FALSE(opened.apply(list(put("a", "again"))));
  }
}

TEST_F(damaged_database, does_not_take_an_old_content_back) {
  place_.write(list(put("a", "old")));
  const auto old = run_sql(place_.file(), "SELECT hex(sealed) FROM credential");
  place_.write(list(put("a", "new")));
  run_sql(place_.file(), "UPDATE credential SET sealed = x'" + old + "'");
  EXPECT_EQ(place_.read(), row_texts{});
}

TEST_F(damaged_database, does_not_take_a_row_of_another_store) {
  const store_place other;
  other.write(list(put("a", "x")));
  place_.write(list(put("a", "y")));
  const auto foreign = run_sql(other.file(), "SELECT hex(sealed) FROM credential");
  run_sql(place_.file(), "UPDATE credential SET sealed = x'" + foreign + "'");
  EXPECT_EQ(place_.read(), row_texts{});
}

TEST_F(damaged_database, is_kept_under_another_name_and_made_anew) {
  const struct {
    std::string what;
    std::function<void(const std::string& file)> damage;
  } cases[] = {
      {"empty", [](auto& file) { write_file(file, ""); }},
      {"text", [](auto& file) { write_file(file, std::string(5000, 'x')); }},
      {"half", [](auto& file) { std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2); }},
      {"foreign", [](auto& file) { run_sql(file, "PRAGMA application_id = 1"); }},
      {"no version", [](auto& file) { run_sql(file, "PRAGMA user_version = 0"); }},
      {"no meta", [](auto& file) { run_sql(file, "DELETE FROM meta"); }},
      {"no generation", [](auto& file) { run_sql(file, "DELETE FROM meta WHERE name = 'generation'"); }},
      {"no id", [](auto& file) { run_sql(file, "DELETE FROM meta WHERE name = 'store_id'"); }},
      {"other id",
       [](auto& file) { run_sql(file, "UPDATE meta SET value = zeroblob(16) WHERE name = 'store_id'"); }},
      {"short check",
       [](auto& file) { run_sql(file, "UPDATE meta SET value = x'01' WHERE name = 'key_check'"); }},
      {"no table", [](auto& file) { run_sql(file, "DROP TABLE session"); }},
      {"no column", [](auto& file) { run_sql(file, "ALTER TABLE session RENAME COLUMN sealed TO shut"); }},
      {"no main file", [](auto& file) {
         write_file(file + "-wal", "left over");
         std::filesystem::remove(file);
       }}};
  for (const auto& c : cases) {
    for (const auto& name : place_.files()) std::filesystem::remove(place_.path(name));
    place_.write(many_rows());
    c.damage(place_.file());
    const bool has_file = std::filesystem::exists(place_.file());
    const auto before = read_file(place_.file());
    const captured_log log;
    auto opened = place_.open();
    EXPECT_EQ(opened.outcome(), open_outcome::ready) << c.what << opened.trouble();
    EXPECT_TRUE(opened.is_new()) << c.what;
    EXPECT_EQ(opened.trouble(), "") << c.what;
    EXPECT_TRUE(opened.load()->rows.empty()) << c.what;
    EXPECT_FALSE(opened.apply(many_rows()));
    EXPECT_EQ(texts(opened.load()->rows), expected_rows()) << c.what;
    EXPECT_EQ(log.count("the store was damaged"), 1) << c.what;
    ASSERT_TRUE(opened.set_aside().starts_with(place_.file() + ".damaged-2")) << c.what;
    EXPECT_TRUE(!has_file || read_file(opened.set_aside()) == before) << c.what;
  }
}

TEST_F(damaged_database, is_kept_under_another_name_when_a_write_meets_the_damage) {
  place_.write(many_rows());
  auto opened = place_.open();
  damage_page_of("sqlite_autoindex_credential_1");
  const auto wrong = opened.apply(list(put("row0", "new")));
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->code, at::error::store_unavailable);
  EXPECT_NE(wrong->text.find("was damaged"), std::string::npos) << wrong->text;
  EXPECT_EQ(opened.outcome(), open_outcome::unavailable);
  EXPECT_FALSE(std::filesystem::exists(place_.file()));
  opened = place_.open();
  EXPECT_TRUE(opened.is_new());
  EXPECT_FALSE(opened.apply(list(put("row0", "new"))));
}

TEST_F(damaged_database, saves_what_can_be_read_when_the_damage_shows_late) {
  place_.write(many_rows());
  auto opened = place_.open();
  damage_page_of("session");
  const auto found = opened.load();
  ASSERT_TRUE(found) << opened.trouble();
  row_texts credentials;
  for (const auto& text : expected_rows())
    if (text.starts_with("credential")) credentials.insert(text);
  EXPECT_EQ(texts(found->rows), credentials);
  EXPECT_TRUE(opened.is_new());
  EXPECT_TRUE(opened.set_aside().starts_with(place_.file() + ".damaged-2"));
  EXPECT_FALSE(opened.apply(list(put("row0", "row0"))));
  opened = place_.open();
  EXPECT_EQ(texts(opened.load()->rows), credentials);
}

TEST_F(damaged_database, is_never_put_over_one_that_was_kept_before) {
  constexpr int rounds = 5;  // several within a second
  for (int i = 0; i < rounds; ++i) {
    write_file(place_.file(), "damage " + std::to_string(i));
    write_file(place_.file() + "-wal", "its wal");
    place_.open();
  }
  std::set<std::string> kept;
  for (const auto& name : place_.files())
    if (name.starts_with("store.db.damaged-") && !name.ends_with("-wal") && !name.ends_with("-shm"))
      kept.insert(read_file(place_.path(name)));
  EXPECT_EQ(kept.size(), static_cast<std::size_t>(rounds));
}

TEST_F(damaged_database, on_a_read_only_file_system_stays_where_it_is) {
  const auto outcome = succeeds_on_tmpfs(place_.path(), "mode=700", [&] {
    write_file(place_.file(), std::string(5000, 'x'));
    ASSERT_TRUE(remount(place_.path(), true));
    const auto opened = place_.open();
    EXPECT_EQ(opened.outcome(), open_outcome::unavailable);
    EXPECT_NE(opened.trouble().find("cannot be renamed"), std::string::npos) << opened.trouble();
    EXPECT_EQ(place_.files(), std::set<std::string>{"store.db"});
  });
  if (!outcome) GTEST_SKIP() << "this system does not let us mount";
  EXPECT_TRUE(*outcome);
}

TEST_F(damaged_database, cut_anywhere_is_right_or_gone) {
  place_.write(many_rows());
  const auto whole = read_file(place_.file());
  const auto expected = expected_rows();
  const captured_log quiet;
  for (std::size_t size = 0; size < whole.size(); size += 512) {
    start_again(whole.substr(0, size));
    expect_right_or_gone(expected, "cut at " + std::to_string(size));
  }
}

TEST_F(damaged_database, with_a_flipped_bit_is_right_or_gone) {
  place_.write(many_rows());
  const auto whole = read_file(place_.file());
  const auto expected = expected_rows();
  const captured_log quiet;
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    auto content = whole;
    const std::size_t bit = random() % (content.size() * 8);
    content[bit / 8] = static_cast<char>(content[bit / 8] ^ (1 << (bit % 8)));
    start_again(content);
    expect_right_or_gone(expected, "bit " + std::to_string(bit));
  }
}

// Between the header and the rows there is hardly a byte that is not looked at: every bit of it.
TEST_F(damaged_database, with_a_flipped_bit_in_its_header_is_right_or_gone) {
  place_.write(many_rows());
  const auto whole = read_file(place_.file());
  const auto expected = expected_rows();
  const captured_log quiet;
  for (std::size_t bit = 0; bit < std::size_t{100} * 8; bit += 3) {
    auto content = whole;
    content[bit / 8] = static_cast<char>(content[bit / 8] ^ (1 << (bit % 8)));
    start_again(content);
    expect_right_or_gone(expected, "bit " + std::to_string(bit));
  }
}

}  // namespace
}  // namespace tlsmodem::test

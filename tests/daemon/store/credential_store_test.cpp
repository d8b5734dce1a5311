// Persistent credentials over a real store in a directory of its own.
#include "daemon/store/credential_store.hpp"

#include "daemon/store/credential_format.hpp"
#include "store_fixture.hpp"
#include "tests/support/pki.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace tlsmodem::test {
namespace {

using enum at::credential_type;
using user_id = credential_store::user_id;

constexpr user_id alice = 1000;
constexpr user_id bob = 1001;

credential made(at::credential_type type, std::string_view content) {
  auto parsed = parse_credential(type, as_bytes(content), nullptr);
  EXPECT_TRUE(parsed);
  return std::move(*parsed);
}

credential_set no_credentials() { return credential_set({16, 4096}); }

// What a daemon has of it, from start to stop.
class running_store {
 public:
  explicit running_store(const std::string& directory, std::optional<std::string> key_file = {})
      : rows_(io_, directory, std::move(key_file), {.retry = std::chrono::milliseconds(20)}),
        credentials_(io_, rows_, no_credentials()) {
    rows_.on_reopened([this](const store::opening& opened) {
      credentials_.load(opened.rows);
      credentials_.on_reopened(opened.is_new);
    });
    const auto opened = rows_.start();
    EXPECT_TRUE(opened);
    if (opened) credentials_.load(opened->rows);
  }
  ~running_store() { rows_.stop(); }

  // The number of the refusal at once, or nothing; the later outcome is counted.
  std::optional<int> write(user_id user, std::int64_t tag, at::credential_type type,
                           std::string_view content) {
    return refusal(credentials_.write(user, {tag, type}, made(type, content), count()));
  }
  std::optional<int> remove(user_id user, std::int64_t tag, at::credential_type type) {
    return refusal(credentials_.remove(user, {tag, type}, count()));
  }
  // Until nothing is on its way any more; the error number of the last outcome, 0 for none.
  int settle() {
    EXPECT_TRUE(await([this] { return open_ == 0; }));
    return last_;
  }
  bool await(const std::function<bool()>& condition) {
    const auto limit = deadline();
    while (!condition() && std::chrono::steady_clock::now() < limit) {
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(20));
    }
    return condition();
  }
  // "" when there is none.
  std::string content(user_id user, std::int64_t tag, at::credential_type type = psk) const {
    const auto* found = credentials_.of_user(user).find({tag, type});
    return found == nullptr ? "" : std::string(as_text(found->content.view()));
  }
  std::size_t size(user_id user) const { return credentials_.of_user(user).entries().size(); }
  std::string sentence() const { return sentence_; }
  credential_store& credentials() { return credentials_; }

 private:
  static std::optional<int> refusal(const std::optional<at::failure>& wrong) {
    if (!wrong) return std::nullopt;
    return static_cast<int>(wrong->code);
  }
  credential_store::completion count() {
    return [this, mine = std::make_shared<token>(open_)](const std::optional<at::failure>& wrong) {
      last_ = wrong ? static_cast<int>(wrong->code) : 0;
      if (wrong) sentence_ = wrong->text;
    };
  }
  // Counts what waits; a refusal drops it at once.
  struct token {
    explicit token(int& counter) : open(counter) { ++open; }
    ~token() { --open; }
    token(const token&) = delete;
    token& operator=(const token&) = delete;
    int& open;
  };

  int open_ = 0;
  int last_ = 0;
  std::string sentence_;
  boost::asio::io_context io_;
  store::store rows_;
  credential_store credentials_;
};

class persistent_credentials : public ::testing::Test {
 protected:
  store_place place_;
};

TEST_F(persistent_credentials, take_effect_when_they_are_on_the_disk) {
  running_store running(place_.path());
  const write_lock lock(place_.file());
  EXPECT_FALSE(running.write(alice, 1, psk, "secret"));
  EXPECT_EQ(running.content(alice, 1), "");
}

TEST_F(persistent_credentials, are_there_after_a_restart) {
  const auto key = make_key(key_kind::ec_p256);
  const auto certificate = to_pem(make_root("root").certificate.get());
  {
    running_store running(place_.path());
    EXPECT_FALSE(running.write(alice, 1, psk, "secret"));
    EXPECT_FALSE(running.write(alice, 1, psk_identity, "alice"));
    EXPECT_FALSE(running.write(alice, 2, private_key, to_pem(key.get())));
    EXPECT_FALSE(running.write(alice, 2, own_chain, certificate));
    EXPECT_FALSE(running.write(bob, 1, psk, "of bob"));
    EXPECT_EQ(running.settle(), 0);
    EXPECT_FALSE(running.write(alice, 9, psk, "removed"));
    EXPECT_EQ(running.settle(), 0);
    EXPECT_FALSE(running.remove(alice, 9, psk));
    EXPECT_EQ(running.settle(), 0);
  }
  running_store again(place_.path());
  EXPECT_EQ(again.size(alice), 4U);
  EXPECT_EQ(again.size(bob), 1U);
  EXPECT_EQ(again.content(alice, 1), "secret");
  EXPECT_EQ(again.content(alice, 1, psk_identity), "alice");
  EXPECT_EQ(again.content(alice, 2, own_chain), certificate);
  EXPECT_EQ(again.content(bob, 1), "of bob");
  const auto* kept = again.credentials().of_user(alice).find({2, private_key});
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(EVP_PKEY_eq(kept->key.get(), key.get()), 1);
  EXPECT_EQ(kept->sha256, made(private_key, to_pem(key.get())).sha256);
}

TEST_F(persistent_credentials, of_one_user_are_not_those_of_another) {
  running_store running(place_.path());
  running.write(alice, 1, psk, "secret");
  EXPECT_EQ(running.settle(), 0);
  EXPECT_EQ(running.content(bob, 1), "");
  EXPECT_EQ(running.remove(bob, 1, psk), 22);
  EXPECT_EQ(running.content(alice, 1), "secret");
}

TEST_F(persistent_credentials, change_in_the_order_in_which_they_were_asked_for) {
  {
    running_store running(place_.path());
    write_lock lock(place_.file());
    running.write(alice, 1, psk, "first");
    running.write(alice, 2, psk, "stays");
    running.write(alice, 1, psk, "second");
    lock.release();
    EXPECT_EQ(running.settle(), 0);
    EXPECT_EQ(running.content(alice, 1), "second");
    running.write(alice, 1, psk, "third");
    running.remove(alice, 1, psk);
    EXPECT_EQ(running.settle(), 0);
    EXPECT_EQ(running.content(alice, 1), "");
  }
  running_store again(place_.path());
  EXPECT_EQ(again.content(alice, 1), "");
  EXPECT_EQ(again.content(alice, 2), "stays");
}

TEST_F(persistent_credentials, have_room_for_256_of_a_user_and_for_replacing_them) {
  running_store running(place_.path());
  for (int tag = 0; tag < 256; ++tag) ASSERT_FALSE(running.write(alice, tag, psk, "x")) << tag;
  EXPECT_EQ(running.write(alice, 256, psk, "x"), 20);  // counts what is on its way too
  EXPECT_EQ(running.settle(), 0);
  EXPECT_EQ(running.size(alice), 256U);
  EXPECT_EQ(running.write(alice, 256, psk, "x"), 20);
  EXPECT_FALSE(running.write(alice, 255, psk, "y"));
  EXPECT_FALSE(running.write(bob, 256, psk, "x"));
  EXPECT_FALSE(running.remove(alice, 0, psk));
  EXPECT_EQ(running.settle(), 0);
  EXPECT_FALSE(running.write(alice, 256, psk, "x"));
  EXPECT_EQ(running.settle(), 0);
}

TEST_F(persistent_credentials, have_room_for_4_mib_of_a_user) {
  running_store running(place_.path());
  const auto one = to_pem(make_root("root").certificate.get());
  std::string bundle;
  while (bundle.size() < 65'000) bundle += one;
  const auto fit = (std::size_t{4} << 20U) / bundle.size();
  for (std::size_t tag = 0; tag < fit; ++tag)
    ASSERT_FALSE(running.write(alice, static_cast<std::int64_t>(tag), trusted, bundle)) << tag;
  EXPECT_EQ(running.write(alice, 1000, trusted, bundle), 20);
  EXPECT_EQ(running.settle(), 0);
  EXPECT_EQ(running.write(alice, 1000, trusted, bundle), 20);
  EXPECT_FALSE(running.write(alice, 0, trusted, bundle));
  EXPECT_FALSE(running.write(bob, 0, trusted, bundle));
  EXPECT_EQ(running.settle(), 0);
}

TEST_F(persistent_credentials, of_the_configuration_cannot_be_removed_but_hidden) {
  running_store running(place_.path());
  auto configured = no_credentials();
  configured.put({1, psk}, made(psk, "configured"));
  running.credentials().configure(std::move(configured));
  EXPECT_EQ(running.remove(alice, 1, psk), 3);
  EXPECT_EQ(running.remove(alice, 2, psk), 22);
  EXPECT_FALSE(running.write(alice, 1, psk, "own"));
  EXPECT_EQ(running.settle(), 0);
  EXPECT_FALSE(running.remove(alice, 1, psk));
  EXPECT_EQ(running.settle(), 0);
  EXPECT_EQ(running.remove(alice, 1, psk), 3);
}

TEST_F(persistent_credentials, stay_as_they_are_when_the_store_was_written_with_another_key) {
  write_file(place_.path() + "-key", std::string(32, 'q'));
  std::filesystem::permissions(place_.path() + "-key", std::filesystem::perms(0600));
  {
    running_store running(place_.path());
    running.write(alice, 1, psk, "secret");
    EXPECT_EQ(running.settle(), 0);
  }
  const auto before = read_file(place_.file());
  {
    running_store other(place_.path(), place_.path() + "-key");
    EXPECT_EQ(other.size(alice), 0U);
    EXPECT_FALSE(other.write(alice, 1, psk, "another"));
    EXPECT_EQ(other.settle(), 818);
    EXPECT_NE(other.sentence().find("another key"), std::string::npos) << other.sentence();
    EXPECT_EQ(other.content(alice, 1), "");
  }
  EXPECT_EQ(read_file(place_.file()), before);
  std::filesystem::remove(place_.path() + "-key");
  EXPECT_EQ(running_store(place_.path()).content(alice, 1), "secret");
}

TEST_F(persistent_credentials, rows_that_do_not_parse_are_left_out_and_logged) {
  // Sealed as they should be, but no credentials.
  place_.write(list(put("1/3", "rubbish", alice), put("first", "x", alice)));
  place_.write(list(put("1/9", "rubbish", alice)));
  const auto key_file = place_.path("key");
  write_file(key_file, as_text(test_key().view()));
  std::filesystem::permissions(key_file, std::filesystem::perms(0600));
  const captured_log log;
  running_store running(place_.path(), key_file);
  EXPECT_EQ(running.size(alice), 0U);
  EXPECT_EQ(log.count("table=credential uid=1000 rows=1 reason=\"the row is too short\""), 1) << log.text();
  EXPECT_EQ(log.count("table=credential uid=1000 rows=2 reason=\"its name is none of a credential\""), 1);
  EXPECT_EQ(log.count("rubbish"), 0);
}

TEST_F(persistent_credentials, rows_of_other_tables_are_none) {
  running_store running(place_.path());
  std::vector<store::row> rows;
  rows.push_back({in_sessions, alice, "1/3", std::move(*row_content(made(psk, "secret")))});
  running.credentials().load(rows);
  EXPECT_EQ(running.size(alice), 0U);
}

// As when the store found its file damaged and began a new one while the daemon ran: what is in memory is in
// no file.
TEST_F(persistent_credentials, are_written_again_into_a_file_that_was_begun_anew) {
  std::vector<store::row> rows;
  for (int tag = 0; tag < 40; ++tag)
    rows.push_back({in_credentials, alice, row_name({tag, psk}),
                    std::move(*row_content(made(psk, "old " + std::to_string(tag))))});
  rows.push_back({in_credentials, bob, "1/3", std::move(*row_content(made(psk, "of bob")))});
  {
    running_store running(place_.path());
    running.credentials().load(rows);
    write_lock lock(place_.file());
    running.write(alice, 0, psk, "new");  // on its way before the store is new
    running.remove(alice, 2, psk);
    running.credentials().on_reopened(true);
    running.write(alice, 1, psk, "newer");  // and after
    running.remove(alice, 3, psk);
    lock.release();
    EXPECT_EQ(running.settle(), 0);
    running.write(alice, 100, psk, "last");  // behind what is written again
    EXPECT_EQ(running.settle(), 0);
  }
  running_store again(place_.path());
  EXPECT_EQ(again.content(alice, 0), "new");
  EXPECT_EQ(again.content(alice, 1), "newer");
  EXPECT_EQ(again.content(alice, 2), "");
  EXPECT_EQ(again.content(alice, 3), "");
  for (int tag = 4; tag < 40; ++tag) EXPECT_EQ(again.content(alice, tag), "old " + std::to_string(tag));
  EXPECT_EQ(again.content(bob, 1), "of bob");
}

}  // namespace
}  // namespace tlsmodem::test

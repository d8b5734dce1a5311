#include "daemon/store/store_key.hpp"

#include "store_fixture.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <cstdlib>

namespace tlsmodem::test {
namespace {

using at::error;

std::string key_or_reason(const at::result<secret>& outcome) {
  return outcome ? std::string(as_text(outcome->view())) : outcome.why().text;
}

class store_key : public ::testing::Test {
 protected:
  std::string file(const std::string& content, mode_t mode) {
    const auto path = directory_.path("key");
    write_file(path, content);
    ::chmod(path.c_str(), mode);
    return path;
  }
  temporary_directory directory_;
};

TEST_F(store_key, takes_32_to_4096_bytes_that_only_the_daemon_can_read) {
  const struct {
    std::size_t size;
    mode_t mode;
    std::string_view reason;  // "": taken
  } cases[] = {{32, 0600, ""},
               {32, 0400, ""},
               {4096, 0600, ""},
               {0, 0600, "is empty"},
               {31, 0600, "32 to 4096 bytes"},
               {4097, 0600, "32 to 4096 bytes"},
               {100'000, 0600, "32 to 4096 bytes"},
               {32, 0640, "chmod 600"},
               {32, 0604, "chmod 600"},
               {32, 0610, "chmod 600"},
               {32, 0440, "chmod 600"}};
  for (const auto& c : cases) {
    const std::string content(c.size, 'k');
    const auto outcome = store::load_store_key(file(content, c.mode));
    if (c.reason.empty()) {
      EXPECT_EQ(key_or_reason(outcome), content);
    } else {
      ASSERT_FALSE(outcome) << c.size << " " << c.mode;
      EXPECT_EQ(outcome.why().code, error::credentials_unusable);
      EXPECT_NE(outcome.why().text.find(c.reason), std::string::npos) << outcome.why().text;
    }
  }
}

TEST_F(store_key, may_be_a_credential_of_the_unit) {
  const auto path = file(std::string(32, 'k'), 0440);
  ::setenv("CREDENTIALS_DIRECTORY", directory_.path().c_str(), 1);
  EXPECT_TRUE(store::load_store_key(path));
  EXPECT_FALSE(store::load_store_key(file(std::string(32, 'k'), 0444)));
  EXPECT_FALSE(store::load_store_key(file(std::string(32, 'k'), 0460)));
  ::chmod(path.c_str(), 0440);
  // A prefix in letters only, and a way out again.
  ::setenv("CREDENTIALS_DIRECTORY", directory_.path().substr(0, directory_.path().size() - 1).c_str(), 1);
  EXPECT_FALSE(store::load_store_key(path));
  ::setenv("CREDENTIALS_DIRECTORY", directory_.path("creds").c_str(), 1);
  EXPECT_FALSE(store::load_store_key(directory_.path("creds/../key")));
  ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_F(store_key, is_a_regular_file_of_ours) {
  const auto pipe = directory_.path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_NE(key_or_reason(store::load_store_key(pipe)).find("not a regular file"), std::string::npos);
  EXPECT_NE(key_or_reason(store::load_store_key(directory_.path())).find("not a regular file"),
            std::string::npos);
  EXPECT_NE(key_or_reason(store::load_store_key(directory_.path("none"))).find("No such file"),
            std::string::npos);
  if (::geteuid() != 0) return;
  const auto path = file(std::string(32, 'k'), 0600);
  ASSERT_EQ(::chown(path.c_str(), 1, 1), 0);
  EXPECT_NE(key_or_reason(store::load_store_key(path)).find("another user"), std::string::npos);
}

TEST_F(store_key, is_made_once) {
  const ::mode_t old = ::umask(0);
  const auto first = store::load_or_make_store_key(directory_.path());
  ::umask(old);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->size(), 32U);
  struct stat status {};
  ASSERT_EQ(::stat(directory_.path("store.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_NE(::access(directory_.path("store.key.new").c_str(), F_OK), 0);

  const auto second = store::load_or_make_store_key(directory_.path());
  EXPECT_EQ(key_or_reason(second), key_or_reason(first));
}

TEST_F(store_key, is_made_in_spite_of_a_draft_that_was_left) {
  write_file(directory_.path("store.key.new"), "half");
  EXPECT_EQ(store::load_or_make_store_key(directory_.path())->size(), 32U);
}

TEST_F(store_key, is_never_replaced) {
  for (const std::string content : {"", "short"}) {
    write_file(directory_.path("store.key"), content);
    ::chmod(directory_.path("store.key").c_str(), 0600);
    const auto outcome = store::load_or_make_store_key(directory_.path());
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.why().code, error::credentials_unusable);
    EXPECT_EQ(read_file(directory_.path("store.key")), content);
  }
  ::unlink(directory_.path("store.key").c_str());
  ASSERT_EQ(::symlink("nowhere", directory_.path("store.key").c_str()), 0);
  EXPECT_EQ(store::load_or_make_store_key(directory_.path()).why().code, error::credentials_unusable);
}

TEST_F(store_key, that_the_disk_has_no_room_for_may_be_made_later) {
  const auto outcome = succeeds_on_tmpfs(directory_.path(), "size=4k,nr_inodes=1,mode=700", [&] {
    EXPECT_EQ(store::load_or_make_store_key(directory_.path()).why().code, error::store_unavailable);
  });
  if (!outcome) GTEST_SKIP() << "this system does not let us mount";
  EXPECT_TRUE(*outcome);
}

}  // namespace
}  // namespace tlsmodem::test

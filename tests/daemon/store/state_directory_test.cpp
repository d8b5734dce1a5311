#include "daemon/store/state_directory.hpp"

#include "store_fixture.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

using store::state_directory;

std::string reason(const std::string& path) {
  const auto outcome = state_directory::open(path);
  return outcome ? "" : outcome.why().text;
}

class state_directory_rules : public ::testing::Test {
 protected:
  void expect_refused(const std::string& path, std::string_view part) {
    EXPECT_NE(reason(path).find(part), std::string::npos) << reason(path);
  }
  temporary_directory parent_;
  std::string path_ = parent_.path("state");
};

TEST_F(state_directory_rules, is_made_for_its_user_alone_whatever_the_umask) {
  for (const mode_t mask : {0U, 0777U}) {
    const mode_t old = ::umask(mask);
    const auto outcome = state_directory::open(path_);
    ::umask(old);
    // Root opens what it may not read, and mends it.
    ASSERT_TRUE(outcome) << outcome.why().text;
    struct stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0700U);
    ::rmdir(path_.c_str());
  }
}

TEST_F(state_directory_rules, may_be_behind_a_link) {
  ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
  ASSERT_EQ(::symlink("state", parent_.path("link").c_str()), 0);
  EXPECT_EQ(reason(parent_.path("link")), "");
}

TEST_F(state_directory_rules, refuses_what_is_no_directory) {
  write_file(path_, "");
  expect_refused(path_, "is not a directory");
  ASSERT_EQ(::symlink("nowhere", parent_.path("link").c_str()), 0);
  expect_refused(parent_.path("link"), "is a symbolic link to nothing");
  expect_refused(parent_.path("missing/state"), "cannot be made: No such file or directory");
}

TEST_F(state_directory_rules, refuses_one_that_is_open_to_others) {
  ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
  for (const mode_t mode : {0750U, 0710U, 0701U, 0704U, 0702U, 0777U}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    expect_refused(path_, "chmod 700 " + path_);
  }
  ASSERT_EQ(::chmod(path_.c_str(), 0500), 0);
  EXPECT_EQ(reason(path_), "");
}

TEST_F(state_directory_rules, refuses_one_of_another_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
  ASSERT_EQ(::chown(path_.c_str(), 4711, 0), 0);
  expect_refused(path_, "belongs to the user id 4711");
}

TEST_F(state_directory_rules, has_one_daemon_at_a_time) {
  {
    const auto first = state_directory::open(path_);
    ASSERT_TRUE(first);
    EXPECT_EQ(reason(path_), "Another tlsmodemd already uses " + path_ + ".");
    EXPECT_TRUE(succeeds_in_child(
        [&] { EXPECT_EQ(reason(path_), "Another tlsmodemd already uses " + path_ + "."); }));
  }
  EXPECT_EQ(reason(path_), "");
}

TEST_F(state_directory_rules, can_be_locked_on_a_read_only_file_system) {
  ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
  const auto outcome = succeeds_on_tmpfs(path_, "mode=700", [&] {
    ASSERT_TRUE(remount(path_, true));
    const auto first = state_directory::open(path_);
    ASSERT_TRUE(first);
    EXPECT_EQ(reason(path_), "Another tlsmodemd already uses " + path_ + ".");
    expect_refused(path_ + "/below", "cannot be made: Read-only file system");
  });
  if (!outcome) GTEST_SKIP() << "this system does not let us mount";
  EXPECT_TRUE(*outcome);
}

}  // namespace
}  // namespace tlsmodem::test

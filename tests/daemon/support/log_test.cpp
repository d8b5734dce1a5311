#include "daemon/support/log.hpp"

#include "daemon/support/unique_fd.hpp"

#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>

namespace tlsmodem {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

constexpr std::chrono::system_clock::time_point epoch{};

std::string in_journal(level which, std::string_view message, std::initializer_list<log_field> fields = {}) {
  return format_line(log_format::journal, epoch, which, message, {fields.begin(), fields.size()});
}

struct pipe_ends {
  unique_fd reader;
  unique_fd writer;
};

pipe_ends make_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
  return {unique_fd(ends[0]), unique_fd(ends[1])};
}

std::string drain(const unique_fd& from) {
  std::string text;
  std::array<char, 65'536> chunk{};
  for (ssize_t count = 0; (count = ::read(from.value(), chunk.data(), chunk.size())) > 0;) {
    text.append(chunk.data(), static_cast<std::size_t>(count));
  }
  return text;
}

class log_output : public testing::Test {
 protected:
  void SetUp() override { set_log_level(level::debug); }
  void TearDown() override {
    set_log_level(level::info);
    redirect_log(STDERR_FILENO, log_format::person);
  }
};

TEST(log_line, has_a_priority_in_the_journal) {
  EXPECT_EQ(in_journal(level::error, "m"), "<3>m\n");
  EXPECT_EQ(in_journal(level::warning, "m"), "<4>m\n");
  EXPECT_EQ(in_journal(level::notice, "m"), "<5>m\n");
  EXPECT_EQ(in_journal(level::info, "m"), "<6>m\n");
  EXPECT_EQ(in_journal(level::debug, "m"), "<7>m\n");
}

TEST(log_line, has_time_and_level_for_a_person) {
  const auto now = epoch + std::chrono::milliseconds(1'007);
  EXPECT_THAT(format_line(log_format::person, now, level::notice, "up", {}),
              MatchesRegex("[0-9][0-9]:[0-9][0-9]:01[.]007 notice up\n"));
}

TEST(log_line, shows_fields_of_all_kinds) {
  const std::string text = "t";
  EXPECT_EQ(
      in_journal(level::info, "m",
                 {{"i", -3}, {"u", 3U}, {"z", sizeof(int)}, {"yes", true}, {"s", text}, {"l", "literal"}}),
      "<6>m i=-3 u=3 z=4 yes=yes s=t l=literal\n");
}

TEST(log_line, cannot_be_forged_by_a_value) {
  EXPECT_EQ(in_journal(level::info, "m", {{"peer", "a\n<3>forged\x7f\xc3\xa9"}}),
            "<6>m peer=a\\x0a<3>forged\\x7f\\xc3\\xa9\n");
  EXPECT_EQ(in_journal(level::info, "m", {{"peer", "a uid=0"}}), "<6>m peer=\"a uid=0\"\n");
  EXPECT_EQ(in_journal(level::info, "m", {{"peer", "\" uid=0"}}), "<6>m peer=\"\\x22 uid=0\"\n");
  EXPECT_EQ(in_journal(level::info, "m", {{"peer", ""}}), "<6>m peer=\"\"\n");
}

TEST(log_line, is_bounded) {
  const std::string long_value(10'000, '\n');
  const std::string line = in_journal(
      level::info, "m", {{"a", long_value}, {"b", long_value}, {"c", long_value}, {"d", long_value}});
  EXPECT_LE(line.size(), std::size_t{PIPE_BUF});
  EXPECT_EQ(line.back(), '\n');
  EXPECT_THAT(line, HasSubstr("..."));
}

TEST(log_level, has_a_name_both_ways) {
  for (const level each : {level::error, level::warning, level::notice, level::info, level::debug}) {
    EXPECT_EQ(level_from_text(to_text(each)), each);
  }
  EXPECT_FALSE(level_from_text("loud"));
}

TEST_F(log_output, leaves_out_what_is_too_detailed) {
  const pipe_ends ends = make_pipe();
  redirect_log(ends.writer.value(), log_format::journal);
  set_log_level(level::warning);
  log(level::notice, "no");
  log(level::warning, "yes");
  EXPECT_EQ(drain(ends.reader), "<4>yes\n");
  EXPECT_FALSE(log_enabled(level::notice));
}

TEST_F(log_output, drops_and_counts_what_the_reader_is_too_slow_for) {
  const pipe_ends ends = make_pipe();
  redirect_log(ends.writer.value(), log_format::journal);
  const std::string value(max_escaped_length, 'x');
  for (int line = 0; line < 1000; ++line) {  // a pipe holds 64 KiB
    log(level::info, "m", {{"value", value}});
  }
  EXPECT_THAT(drain(ends.reader), testing::EndsWith("x\n"));
  log(level::info, "after");
  EXPECT_THAT(drain(ends.reader), MatchesRegex("<4>log lines lost count=[0-9]+\n<6>after\n"));
  log(level::info, "again");
  EXPECT_EQ(drain(ends.reader), "<6>again\n");
}

TEST_F(log_output, survives_a_reader_that_went_away) {
  std::signal(SIGPIPE, SIG_IGN);  // start_log() does
  pipe_ends ends = make_pipe();
  redirect_log(ends.writer.value(), log_format::journal);
  ends.reader = unique_fd();
  errno = EINTR;
  log(level::info, "to nobody");
  EXPECT_EQ(errno, EINTR);
  redirect_log(-1, log_format::journal);
  log(level::info, "to nothing");
}

TEST_F(log_output, does_not_wait_for_a_full_socket) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  const unique_fd reader(ends[0]);
  const unique_fd writer(ends[1]);
  redirect_log(writer.value(), log_format::journal);
  const std::string value(max_escaped_length, 'x');
  for (int line = 0; line < 5000; ++line) {
    log(level::info, "m", {{"value", value}});
  }
}

TEST(log_format, is_the_journals_only_when_stderr_is_the_journal) {
  const pipe_ends ends = make_pipe();
  struct stat status {};
  ASSERT_EQ(::fstat(ends.writer.value(), &status), 0);
  const std::string right = std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino);
  EXPECT_EQ(format_for(ends.writer.value(), right.c_str()), log_format::journal);
  EXPECT_EQ(format_for(ends.writer.value(), (right + "0").c_str()), log_format::person);
  EXPECT_EQ(format_for(STDIN_FILENO, right.c_str()), log_format::person);
  for (const char* wrong : {"", ":", "1", "1:", "a:b", "8:1 "}) {
    EXPECT_EQ(format_for(ends.writer.value(), wrong), log_format::person) << wrong;
  }
  EXPECT_EQ(format_for(ends.writer.value(), nullptr), log_format::person);
}

}  // namespace
}  // namespace tlsmodem

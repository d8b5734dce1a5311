// docs/testing.md lists what the README promises, and the test that keeps each promise; both must exist.
// Promises that no other test keeps are kept here.
#include "document.hpp"
#include "example_peers.hpp"
#include "tests/support/running_daemon.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>

namespace tlsmodem::test {
namespace {

constexpr const char* claims_heading = "What the README claims";

std::vector<row> claims() {
  for (const auto& found : sections(page("docs/testing.md"), 2))
    if (found.heading == claims_heading) return table_rows(found.lines);
  return {};
}

// Of GoogleTest "suite.name", of CTest the name.
std::set<std::string> names_of_tests() {
  static const std::regex of_gtest(R"(TEST(?:_F|_P)?\(([a-z0-9_]+),\s*([a-z0-9_]+)\))");
  static const std::regex of_ctest(R"(add_test\(NAME (\S+) )");
  std::set<std::string> names;
  for (const auto& file : files_of_the_tree()) {
    const bool is_source = file.ends_with(".cpp");
    if (!file.starts_with("tests/") || !(is_source || file.ends_with("CMakeLists.txt"))) continue;
    const auto text = read_file(source_path(file));
    const auto& pattern = is_source ? of_gtest : of_ctest;
    for (std::sregex_iterator found(text.begin(), text.end(), pattern), end; found != end; ++found)
      names.insert(is_source ? found->str(1) + "." + found->str(2) : found->str(1));
  }
  return names;
}

bool is_a_script(const std::string& name) {
  return name.find('/') != std::string::npos &&
         std::binary_search(files_of_the_tree().begin(), files_of_the_tree().end(), name);
}

TEST(claims, each_names_a_test_that_exists) {
  ASSERT_FALSE(claims().empty());
  const auto known = names_of_tests();
  for (const auto& cells : claims()) {
    ASSERT_EQ(cells.size(), 2U) << cells.front();
    const auto tests = in_backticks(cells[1]);
    EXPECT_FALSE(tests.empty()) << cells[0];
    for (const auto& name : tests)
      EXPECT_TRUE(known.contains(name) || is_a_script(name)) << cells[0] << ": " << name;
  }
}

std::string joined_prose(const std::string& path) {
  std::string text;
  for (const auto& line : prose(page(path))) text += line + " ";
  return text;
}

// A claim is quoted from the README, so that the list cannot go its own way.
TEST(claims, each_is_said_in_the_readme) {
  const auto readme = joined_prose("README.md");
  for (const auto& cells : claims())
    EXPECT_NE(readme.find(cells.front()), std::string::npos) << cells.front();
}

TEST(claims, a_server_nobody_vouches_for_is_refused_by_default) {
  const auto server = start_peer("tls-echo");
  const running_daemon daemon;
  test_channel channel(daemon);
  channel.ok("AT#TCFG=0,\"proto\",\"tls\";#TCFG=0,\"system_ca\",1");
  const auto failed = channel.connect_fail(channel.open(), "127.0.0.1", 4433);
  EXPECT_EQ(failed.code, at::error::certificate_refused);
}

TEST(claims, credentials_end_with_their_channel) {
  const running_daemon daemon;
  {
    test_channel channel(daemon);
    channel.tcred(1, 3, "secretPSK");
    EXPECT_EQ(channel.ok("AT#TCRED=1").size(), 1U);
  }
  EXPECT_TRUE(test_channel(daemon).ok("AT#TCRED=1").empty());
}

TEST(claims, channels_see_nothing_of_each_other) {
  const running_daemon daemon;
  test_channel one(daemon);
  test_channel other(daemon);
  one.tcred(1, 3, "secretPSK");
  one.ok("AT#TCFG=0,\"proto\",\"udp\"");
  const auto id = std::to_string(one.open());

  EXPECT_TRUE(other.ok("AT#TCRED=1").empty());
  EXPECT_TRUE(other.ok("AT#TOPEN?").empty());
  EXPECT_EQ(other.error_of("AT#TCLOSE=" + id), static_cast<int>(at::error::invalid_index));
  EXPECT_EQ(other.ok("AT#TCFG=0,\"proto\"").front(), "#TCFG: 0,\"proto\",\"dtls\"");
}

TEST(claims, keys_are_neither_told_nor_logged) {
  const running_daemon daemon;  // with the log level debug
  test_channel channel(daemon);
  const std::string key = "xyzzySecretOfThisTest";
  channel.tcred(1, 3, key);
  EXPECT_EQ(channel.error_of("AT#TCRED=2,1,3"), static_cast<int>(at::error::not_allowed));
  EXPECT_EQ(channel.failure_sentence().find(key), std::string::npos);
  EXPECT_EQ(channel.error_of("AT#TCRED=0,1,2," + std::to_string(key.size()) + ",1,\"" + key + "\"", key),
            static_cast<int>(at::error::credentials_unusable));
  EXPECT_EQ(channel.failure_sentence().find(key), std::string::npos);
  EXPECT_FALSE(daemon.log().empty());
  EXPECT_EQ(daemon.log().find(key), std::string::npos);
}

}  // namespace
}  // namespace tlsmodem::test

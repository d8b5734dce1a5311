// docs/testing.md lists what the README promises, and the test that keeps each promise; both must exist.
// Promises that no other test keeps are kept here.
#include "document.hpp"
#include "example_peers.hpp"
#include "tests/support/running_daemon.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

namespace tlsmodem::test {
namespace {

constexpr const char* claims_heading = "What the README claims";

std::vector<row> claims() {
  for (const auto& found : sections(page("docs/testing.md"), 2))
    if (found.heading == claims_heading) return table_rows(found.lines);
  return {};
}

// A test of GoogleTest as "suite.name", of CTest by its name, or a script.
bool is_a_test(const std::string& name) {
  static const std::regex gtest_name("([a-z0-9_]+)[.]([a-z0-9_]+)");
  std::smatch parts;
  const bool is_gtest = std::regex_match(name, parts, gtest_name) && !name.ends_with(".sh");
  if (!is_gtest && name.find('/') != std::string::npos)
    return std::binary_search(files_of_the_tree().begin(), files_of_the_tree().end(), name);
  const std::regex definition(is_gtest ? "TEST(_F|_P)?\\(" + parts[1].str() + ",\\s*" + parts[2].str() + "\\)"
                                       : "add_test\\(NAME " + name + " ");
  return std::any_of(files_of_the_tree().begin(), files_of_the_tree().end(), [&](const std::string& file) {
    const bool may_define =
        file.starts_with("tests/") && (file.ends_with(".cpp") || file.ends_with("CMakeLists.txt"));
    return may_define && std::regex_search(read_file(source_path(file)), definition);
  });
}

TEST(claims, each_names_a_test_that_exists) {
  ASSERT_FALSE(claims().empty());
  for (const auto& cells : claims()) {
    ASSERT_EQ(cells.size(), 2U) << cells.front();
    const auto tests = in_backticks(cells[1]);
    EXPECT_FALSE(tests.empty()) << cells[0];
    for (const auto& name : tests) EXPECT_TRUE(is_a_test(name)) << cells[0] << ": " << name;
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

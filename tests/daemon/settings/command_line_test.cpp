#include "daemon/settings/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tlsmodem {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

at::result<command_line> parse(const std::vector<const char*>& arguments) {
  std::vector<const char*> all{"tlsmodemd"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return parse_command_line(all);
}

TEST(command_line, nothing_means_run_with_defaults) {
  const auto line = parse({});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->what, task::run);
  EXPECT_FALSE(line->config_file);
  EXPECT_TRUE(line->overrides.empty());
}

TEST(command_line, takes_every_daemon_key) {
  const auto line =
      parse({"--listen", "a.sock", "--state-dir=d", "--log-level", "debug", "--max-channels", "3"});
  ASSERT_TRUE(line);
  EXPECT_THAT(line->overrides, ElementsAre(Pair("listen", "a.sock"), Pair("state-dir", "d"),
                                           Pair("log-level", "debug"), Pair("max-channels", "3")));
}

TEST(command_line, help_wins_over_version_and_version_over_check) {
  EXPECT_EQ(parse({"--check-config"})->what, task::check_config);
  EXPECT_EQ(parse({"--version", "--check-config"})->what, task::show_version);
  EXPECT_EQ(parse({"--help", "--version"})->what, task::show_help);
  EXPECT_EQ(parse({"-h"})->what, task::show_help);
}

TEST(command_line, refuses_what_it_does_not_know) {
  struct row {
    std::vector<const char*> arguments;
    const char* text;
  };
  const row rows[] = {
      {{"--listne", "x"}, "--listne"},
      {{"--list", "x"}, "--list"},  // no guessing
      {{"stray"}, "positional"},
      {{"--listen"}, "--listen"},
      {{"--listen="}, "--listen"},
      {{"--max-channels", "many"}, R"(--max-channels must be a number from 1 to 65536, not "many")"},
      {{"--log-level", "loud"}, R"(--log-level must be error, warning, notice, info or debug, not "loud")"},
      {{"--log-level", "info", "--log-level", "debug"}, "--log-level is given twice"},
      {{"--check-config", "--check-config"}, "--check-config is given twice"},
  };
  for (const row& each : rows) {
    const auto line = parse(each.arguments);
    ASSERT_FALSE(line) << each.text;
    EXPECT_THAT(line.why().text, HasSubstr(each.text));
    EXPECT_THAT(line.why().text, HasSubstr("--help"));
    EXPECT_EQ(line.why().text.find('\n'), std::string::npos);
  }
}

TEST(command_line, help_names_every_key_and_version_names_openssl) {
  for (const std::string& key : known_keys()) {
    EXPECT_THAT(help_text(), HasSubstr("--" + key));
  }
  EXPECT_THAT(version_text(), HasSubstr("OpenSSL 3."));
}

}  // namespace
}  // namespace tlsmodem

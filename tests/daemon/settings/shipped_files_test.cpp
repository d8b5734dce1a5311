// The files that are installed say what the parser knows: all of it, and nothing else.
#include "daemon/settings/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace tlsmodem {
namespace {

using testing::ElementsAre;

const std::string root = TLSMODEM_SOURCE_DIR "/";

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// "#key = value" and "#[section]" without the '#'; prose has a blank behind it.
std::string uncommented(const std::string& text) {
  return std::regex_replace(text, std::regex("(^|\n)#(?=[a-z[])"), "$1");
}

TEST(shipped_configuration, documents_every_key_and_only_those) {
  const auto text = uncommented(contents(root + "configs/tlsmodemd.conf"));
  std::set<std::string> documented;
  const std::regex key("(?:^|\n)([a-z0-9-]+) = ");
  const std::string of_the_daemon = text.substr(0, text.find("\n[profile"));
  for (auto match = std::sregex_iterator(of_the_daemon.begin(), of_the_daemon.end(), key);
       match != std::sregex_iterator(); ++match) {
    documented.insert((*match)[1]);
  }
  const auto known = known_keys();
  EXPECT_EQ(documented, std::set<std::string>(known.begin(), known.end()));
}

TEST(shipped_configuration, shows_the_defaults) {
  const auto shown = parse_text(uncommented(contents(root + "configs/tlsmodemd.conf")), "shown", nullptr);
  ASSERT_TRUE(shown) << shown.why().text;
  const setting_changes changes = compare(settings{}, *shown);
  // There is no name that stands for "the group of the daemon", nor for the other defaults that are empty.
  EXPECT_THAT(changes.needs_restart,
              ElementsAre("store-key", "socket-group", "pkcs11-module", "pkcs11-pin-file"));
  EXPECT_THAT(changes.reloadable,
              ElementsAre("device-name", "profile default", "profile meter", "credential 7", "credential 8"));
}

TEST(shipped_configuration, loads) {
  const auto installed = load_file(root + "configs/tlsmodemd.conf", nullptr);
  ASSERT_TRUE(installed) << installed.why().text;
  EXPECT_TRUE(compare(settings{}, *installed).none());
  const auto development = load_file(root + "configs/tlsmodemd-dev.conf", nullptr);
  ASSERT_TRUE(development) << development.why().text;
}

TEST(shipped_manual, describes_every_key) {
  const auto manual = contents(root + "docs/man/tlsmodemd.conf.5");
  for (const std::string& key : known_keys()) {
    EXPECT_TRUE(std::regex_search(manual, std::regex("\n\\.It Cm " + key + "( Pq \\*)?\n"))) << key;
  }
}

}  // namespace
}  // namespace tlsmodem

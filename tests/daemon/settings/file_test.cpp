#include "daemon/settings/settings.hpp"

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace tlsmodem {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Knows three options, one of which takes numbers only.
std::optional<std::string> example_validator(std::string_view option, std::string_view value) {
  if (option == "hs_min") {
    return value.find_first_not_of("0123456789") == std::string_view::npos
               ? std::nullopt
               : std::optional<std::string>("must be a number");
  }
  return option == "version" || option == "dane" ? std::nullopt
                                                 : std::optional<std::string>("no such option");
}

at::result<settings> parse(std::string_view text) { return parse_text(text, "x.conf", example_validator); }

class directory {
 public:
  directory() {
    std::string pattern = std::filesystem::temp_directory_path() / "settings-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  directory(const directory&) = delete;
  directory& operator=(const directory&) = delete;
  ~directory() { std::filesystem::remove_all(path_); }

  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }
  std::string path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST(settings_file, an_empty_one_gives_the_defaults) {
  const auto loaded = parse("\n# comment\n   # another\n\t\n");
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(compare(*loaded, settings{}).none());
}

TEST(settings_file, every_key_is_stored) {
  const auto loaded = parse(
      "listen = /tmp/a b.sock\nstate-dir=/s\nlog-level = debug\nsocket-mode = 660\nsocket-group = a.b-c_1\n"
      "max-channels = 1\nmax-channels-per-user = 2\nmax-sockets = 3\nmax-sockets-per-channel = 4\n"
      "resolver-threads = 5\nstop-timeout = 0\nstore-key = /k\nmax-sessions-per-user = 6\n"
      "session-lifetime = 60\nresume-without-ems = 1\npkcs11-module = /m.so\npkcs11-pin-file = pin\n"
      "pkcs11-configured-only = 1\ndevice-name = a.B-c_1:2\n");
  ASSERT_TRUE(loaded) << loaded.why().text;
  EXPECT_EQ(loaded->listen, "/tmp/a b.sock");
  EXPECT_EQ(loaded->state_dir, "/s");
  EXPECT_EQ(loaded->log_level, level::debug);
  EXPECT_EQ(loaded->socket_mode, 0660U);
  EXPECT_EQ(loaded->socket_group, "a.b-c_1");
  EXPECT_EQ(loaded->max_channels, 1U);
  EXPECT_EQ(loaded->max_channels_per_user, 2U);
  EXPECT_EQ(loaded->max_sockets, 3U);
  EXPECT_EQ(loaded->max_sockets_per_channel, 4U);
  EXPECT_EQ(loaded->resolver_threads, 5U);
  EXPECT_EQ(loaded->stop_timeout.count(), 0);
  EXPECT_EQ(loaded->store_key, "/k");
  EXPECT_EQ(loaded->max_sessions_per_user, 6U);
  EXPECT_EQ(loaded->session_lifetime_seconds, 60U);
  EXPECT_TRUE(loaded->resume_without_ems);
  EXPECT_EQ(loaded->pkcs11_module, "/m.so");
  EXPECT_EQ(loaded->pkcs11_pin_file, "pin");
  EXPECT_TRUE(loaded->pkcs11_configured_only);
  EXPECT_EQ(loaded->device_name, "a.B-c_1:2");
}

TEST(settings_file, profiles_keep_order_text_and_lines) {
  const auto loaded = parse(
      "log-level = error\r\n\r\n[profile default]\r\nversion = \"1.2\",\"1.3\"\r\nhs_min=  20\r\n"
      "  [profile lte-0]  \nversion = a = b\n[profile empty]\n");
  ASSERT_TRUE(loaded) << loaded.why().text;
  ASSERT_EQ(loaded->profiles.size(), 3U);
  const named_profile* const first = loaded->profile(default_profile);
  ASSERT_NE(first, nullptr);
  ASSERT_EQ(first->options.size(), 2U);
  EXPECT_EQ(first->options[0].option, "version");
  EXPECT_EQ(first->options[0].value, R"("1.2","1.3")");
  EXPECT_EQ(first->options[0].line, 4U);
  EXPECT_EQ(first->options[1].value, "20");
  EXPECT_EQ(first->options[1].line, 5U);
  ASSERT_NE(loaded->profile("lte-0"), nullptr);
  EXPECT_EQ(loaded->profile("lte-0")->options[0].value, "a = b");
  ASSERT_NE(loaded->profile("empty"), nullptr);
  EXPECT_TRUE(loaded->profile("empty")->options.empty());
  EXPECT_EQ(loaded->profile("lte"), nullptr);
}

TEST(settings_file, only_dane_may_be_repeated_in_a_profile) {
  const auto loaded = parse("[profile p]\ndane = \"3 1 1 aa\"\ndane = \"3 1 1 bb\"\n");
  ASSERT_TRUE(loaded) << loaded.why().text;
  EXPECT_EQ(loaded->profile("p")->options.size(), 2U);
}

TEST(settings_file, credentials_keep_order_paths_and_places) {
  const auto loaded = parse(
      "[credential 7]\ntrusted = /a b\ncrl = c\n[profile p]\nversion = 1\n[credential 2147483647]\npsk=x\n"
      "[credential 0]\npkcs11 = pkcs11:token=t;object=k\n");
  ASSERT_TRUE(loaded) << loaded.why().text;
  ASSERT_EQ(loaded->credentials.size(), 3U);
  EXPECT_EQ(loaded->credentials[0].tag, 7);
  ASSERT_EQ(loaded->credentials[0].files.size(), 2U);
  EXPECT_EQ(loaded->credentials[0].files[0].key, "trusted");
  EXPECT_EQ(loaded->credentials[0].files[0].path, "/a b");
  EXPECT_EQ(loaded->credentials[0].files[1].where, "x.conf:3: [credential 7] crl");
  EXPECT_EQ(loaded->credentials[1].tag, 2147483647);
  ASSERT_EQ(loaded->credentials[2].files.size(), 1U);
  EXPECT_EQ(loaded->credentials[2].files[0].path, "pkcs11:token=t;object=k");
}

TEST(settings_file, an_empty_value_is_the_default_where_that_is_empty) {
  for (const auto* key : {"store-key", "socket-group", "pkcs11-module", "pkcs11-pin-file", "device-name"}) {
    const auto loaded = parse(std::string(key) + " =\n");
    ASSERT_TRUE(loaded) << key;
    EXPECT_TRUE(compare(settings{}, *loaded).none()) << key;
  }
}

TEST(settings_file, a_mistake_names_file_line_and_key) {
  struct row {
    std::string_view text;
    const char* start;
  };
  const row rows[] = {
      {"\nlisten /x\n", "x.conf:2: neither"},
      {"; old style\n", "x.conf:1: a comment begins with '#'"},
      {"listne = /x\n", "x.conf:1: listne: unknown key"},
      {"pkcs11-module = m.so\n", "x.conf:1: pkcs11-module: must be an absolute path"},
      {"device-name = a b\n", "x.conf:1: device-name: must be up to 64 letters"},
      {"[credential 1]\npkcs11 =\n", "x.conf:2: [credential 1] pkcs11: must be a URI"},
      {"config = /x\n", "x.conf:1: config: unknown key"},
      {"# a\nlisten = /x # y\n", "x.conf:2: '#' inside a line"},
      {"listen = /x#y\n", "x.conf:1: '#' inside a line"},
      {"[profile a] # y\n", "x.conf:1: a section is"},
      {"listen = /x\n\nlisten = /y\n", "x.conf:3: listen: is already in line 1"},
      {"max-channels = 0\n", R"(x.conf:1: max-channels: must be a number from 1 to 65536, not "0")"},
      {"max-channels = 65537\n", "x.conf:1: max-channels: must be"},
      {"max-channels = 99999999999999999999\n", "x.conf:1: max-channels: must be"},
      {"max-channels = -1\n", "x.conf:1: max-channels: must be"},
      {"max-channels = 1k\n", "x.conf:1: max-channels: must be"},
      {"max-channels =\n", "x.conf:1: max-channels: must be"},
      {"socket-mode = 0800\n", "x.conf:1: socket-mode: must be"},
      {"socket-mode = 01777\n", "x.conf:1: socket-mode: must be"},
      {"socket-group = a b\n", "x.conf:1: socket-group: must be"},
      {"stop-timeout = 5s\n", "x.conf:1: stop-timeout: must be milliseconds"},
      {"listen = \"/x\"\n", "x.conf:1: listen: must be a path without quotes"},
      {"listen =\n", "x.conf:1: listen: must be a path"},
      {"log-level = Debug\n", "x.conf:1: log-level: must be"},
      {"= 1\n", "x.conf:1: no key"},
      {"a.b = 1\n", "x.conf:1: no key"},
      {"[]\n", "x.conf:1: a section is"},
      {"[profile ]\n", "x.conf:1: a section is"},
      {"[profile a.b]\n", "x.conf:1: a section is"},
      {"[profile a\n", "x.conf:1: a section is"},
      {"[socket]\n", "x.conf:1: a section is"},
      {"[profile a]\n[profile b]\n[profile a]\n", "x.conf:3: [profile a] is already in line 1"},
      {"[profile a]\nversion = 1\nversion = 2\n", "x.conf:3: [profile a] version: is already in line 2"},
      {"[profile a]\nhs_min = soon\n", "x.conf:2: [profile a] hs_min: must be a number"},
      {"[profile a]\nhs_mni = 1\n", "x.conf:2: [profile a] hs_mni: no such option"},
      {"[credential]\n", "x.conf:1: a section is"},
      {"[credential ]\n", "x.conf:1: a section is"},
      {"[credential a]\n", "x.conf:1: a section is"},
      {"[credential 01]\n", "x.conf:1: a section is"},
      {"[credential -1]\n", "x.conf:1: a section is"},
      {"[credential 2147483648]\n", "x.conf:1: a section is"},
      {"[credential 1]\n[credential 1]\n", "x.conf:2: [credential 1] is already in line 1"},
      {"[credential 1]\nkey = a\nkey = a\n", "x.conf:3: [credential 1] key: is already in line 2"},
      {"[credential 1]\ndane = a\ndane = a\n", "x.conf:2: [credential 1] dane: unknown key"},
      {"[credential 1]\nca = a\n", "x.conf:2: [credential 1] ca: unknown key"},
      {"[credential 1]\npsk =\n", "x.conf:2: [credential 1] psk: must be the path"},
      {"[credential 1]\npsk = \"a\"\n", "x.conf:2: [credential 1] psk: must be the path"},
      {"session-lifetime = 59\n", "x.conf:1: session-lifetime: must be a number from 60 to 604800"},
      {"resume-without-ems = yes\n", "x.conf:1: resume-without-ems: must be 0 or 1"},
      {"[profile a]\nlog-level = info\n", "x.conf:2: [profile a] log-level: no option of a profile"},
      {"\xEF\xBB\xBFlisten = /x\n", "x.conf:1: no key"},
      {"listen = /x\x01\n", "x.conf:1: a control character"},
      {std::string_view("listen = /x\0y\n", 14), "x.conf:1: a control character"},
  };
  for (const row& each : rows) {
    const auto loaded = parse(each.text);
    ASSERT_FALSE(loaded) << each.text;
    EXPECT_THAT(loaded.why().text, StartsWith(each.start)) << each.text;
    EXPECT_EQ(loaded.why().text.find('\n'), std::string::npos);
  }
}

TEST(settings_file, one_that_is_no_configuration_is_refused_early) {
  EXPECT_THAT(parse(std::string(2'000'000, '\n')).why().text, HasSubstr("longer than"));
}

TEST(settings_file, without_a_validator_any_option_passes) {
  EXPECT_TRUE(parse_text("[profile a]\nwhatever = 1\n", "x.conf", nullptr));
}

TEST(settings_file, one_that_was_asked_for_must_be_readable) {
  const directory scratch;
  EXPECT_THAT(load_file(scratch.path() + "/none", nullptr).why().text, HasSubstr("/none: No such file"));
  EXPECT_THAT(load_file(scratch.path(), nullptr).why().text, HasSubstr("Is a directory"));
}

TEST(settings_file, the_command_line_wins_over_it) {
  const directory scratch;
  command_line line;
  line.config_file = scratch.write("a.conf", "log-level = debug\nmax-channels = 7\n");
  line.overrides = {{"log-level", "error"}};
  const auto loaded = load(line, nullptr);
  ASSERT_TRUE(loaded) << loaded.why().text;
  EXPECT_EQ(loaded->log_level, level::error);
  EXPECT_EQ(loaded->max_channels, 7U);
}

}  // namespace
}  // namespace tlsmodem

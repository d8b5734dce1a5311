// What can be set from outside, with its defaults, and the way from text to these structures.
//
//   arguments ── parse_command_line() ──▶ command_line ── load() ──▶ settings
//
// Text meets types here and nowhere else: a settings object is valid. Every daemon key has the same name in
// the file and on the command line, where it wins over the file. The file is INI as Boost.Program_options
// reads it, made strict: a mistake is an error that names file, line and key, never a value silently cut.
// What a section [credential TAG] names is read elsewhere, since files need more than this parser knows.
// Profiles stay text, because their options are the protocol's; the caller's validator says what is wrong
// with one.
//
// A reload is load() again, compare(), apply_reloadable().
#pragma once

#include "daemon/support/log.hpp"
#include "protocol/result.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tlsmodem {

// sysexits.h
inline constexpr int exit_success = 0;
inline constexpr int exit_usage = 64;
inline constexpr int exit_config = 78;

// One line of a profile section: option and value as AT#TCFG=<profile>,"<option>",<value> takes them.
struct profile_option {
  std::string option;
  std::string value;
  unsigned line = 0;
  std::string where;  // "file:line: [profile NAME] option", for messages
  bool operator==(const profile_option& other) const {
    return option == other.option &&
           value == other.value;  // a profile that moved in the file is the same profile
  }
};

struct named_profile {
  std::string name;
  std::vector<profile_option> options;  // in the order of the file
  bool operator==(const named_profile&) const = default;
};

// A section [credential TAG]: which file has the credential of each type. The files are read when the
// configuration is loaded, by load_configured_credentials().
struct credential_file {
  std::string key;    // "trusted", "chain", "key", "psk", "identity", "crl" or "pkcs11"
  std::string path;   // of "pkcs11" the URI itself
  std::string where;  // "file:line: [credential TAG] key", for messages
  bool operator==(const credential_file& other) const { return key == other.key && path == other.path; }
};

struct configured_credential {
  std::int64_t tag = 0;
  std::vector<credential_file> files;  // each key at most once
  bool operator==(const configured_credential&) const = default;
};

// The profile that gives a channel its defaults; it need not exist.
inline constexpr std::string_view default_profile = "default";

struct settings {
  std::string listen = "/run/tlsmodemd/at.sock";  // not used when systemd passes the socket
  std::string state_dir = "/var/lib/tlsmodemd";
  std::string store_key;  // empty: store.key in the state directory
  level log_level = level::info;
  std::uint32_t socket_mode = 0660;
  std::string socket_group;  // empty: the group of the process
  std::uint32_t max_channels = 256;
  std::uint32_t max_channels_per_user = 64;
  std::uint32_t max_sockets = 1024;
  std::uint32_t max_sockets_per_channel = 16;
  std::uint32_t resolver_threads = 4;
  std::chrono::milliseconds stop_timeout{5000};
  std::uint32_t max_sessions_per_user = 1024;
  std::uint32_t session_lifetime_seconds = 86'400;
  bool resume_without_ems = false;
  std::uint32_t association_lifetime_seconds = 604'800;
  bool associations_across_boots = true;
  std::uint32_t cid_padding_bytes = 0;
  bool allow_network_tests = false;
  std::string pkcs11_module;    // empty: there are no keys in tokens
  std::string pkcs11_pin_file;  // empty: the credential pkcs11-pin of the unit, if there is one
  bool pkcs11_configured_only = false;
  std::string device_name;                         // empty: made from the id of the machine
  std::vector<named_profile> profiles;             // in the order of the file, names are unique
  std::vector<configured_credential> credentials;  // in the order of the file, tags are unique

  // Null when there is no profile of this name.
  const named_profile* profile(std::string_view name) const;
};

enum class task { run, check_config, show_version, show_help };

struct command_line {
  task what = task::run;
  std::optional<std::string> config_file;  // not given: default_config_file(), which need not exist
  std::vector<std::pair<std::string, std::string>> overrides;  // daemon keys, checked
};

// Returns what is wrong with the value of a profile option, or with the option's name; nothing when it is
// right.
using profile_validator =
    std::function<std::optional<std::string>(std::string_view option, std::string_view value)>;

// A failure's text is one line for stderr, and the exit status is exit_usage.
at::result<command_line> parse_command_line(std::span<const char* const> arguments);
inline at::result<command_line> parse_command_line(int argc, const char* const* argv) {
  return parse_command_line(std::span(argv, static_cast<std::size_t>(argc)));
}

// Defaults, then the file, then the command line. A failure's text is one line, and the exit status is
// exit_config.
at::result<settings> load(const command_line& from, const profile_validator& validator);

// Defaults, then this file.
at::result<settings> load_file(const std::string& path, const profile_validator& validator);

// The same from memory; `name` stands for the file in failures.
at::result<settings> parse_text(std::string_view text, std::string_view name,
                                const profile_validator& validator);

struct setting_changes {
  std::vector<std::string> reloadable;     // keys, "profile NAME" and "credential TAG"
  std::vector<std::string> needs_restart;  // keys
  bool none() const { return reloadable.empty() && needs_restart.empty(); }
};

setting_changes compare(const settings& running, const settings& loaded);

// Takes over all that can change without a restart, and leaves the rest.
void apply_reloadable(settings& running, const settings& loaded);

// Built in: $sysconfdir/tlsmodemd/tlsmodemd.conf.
std::string default_config_file();

std::string help_text();
std::string version_text();

// The daemon keys that a file may contain, for the test that holds the documentation to them.
std::vector<std::string> known_keys();

}  // namespace tlsmodem

#include "keys.hpp"

#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>

namespace tlsmodem {
namespace {

// With the terminating NUL, which the kernel does not need but other programs do (unix(7)).
constexpr std::size_t max_socket_path = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t max_path = 4095;  // PATH_MAX without the NUL
constexpr std::size_t max_group_name = 32;

using complaint = std::optional<std::string>;

enum class base { octal = 8, decimal = 10 };

// The whole text must be a number: no sign, no space, no unit.
std::optional<std::uint32_t> number(std::string_view text, base digits) {
  std::uint32_t value = 0;
  const auto [end, status] =
      std::from_chars(text.data(), text.data() + text.size(), value, static_cast<int>(digits));
  if (status != std::errc{} || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

template <auto Member, std::uint32_t Least, std::uint32_t Most>
complaint parse_count(settings& into, std::string_view value) {
  const auto parsed = number(value, base::decimal);
  if (!parsed || *parsed < Least || *parsed > Most) {
    return "must be a number from " + std::to_string(Least) + " to " + std::to_string(Most);
  }
  into.*Member = *parsed;
  return std::nullopt;
}

template <auto Member>
std::string show_count(const settings& from) {
  return std::to_string(from.*Member);
}

template <std::string settings::*Member, std::size_t Longest>
complaint parse_path(settings& into, std::string_view value) {
  if (value.empty() || value.size() > Longest || value.find('\0') != std::string_view::npos) {
    return "must be a path of 1 to " + std::to_string(Longest) + " bytes";
  }
  if (value.front() == '"') {
    return "must be a path without quotes";
  }
  into.*Member = value;
  return std::nullopt;
}

template <std::string settings::*Member>
std::string show_text(const settings& from) {
  return from.*Member;
}

// Empty is the default, and means something of its own.
template <std::string settings::*Member>
complaint parse_optional_path(settings& into, std::string_view value) {
  if (value.empty()) {
    (into.*Member).clear();
    return std::nullopt;
  }
  return parse_path<Member, max_path>(into, value);
}

// The module is code: a relative name would let the working directory choose it.
complaint parse_module(settings& into, std::string_view value) {
  if (!value.empty() && value.front() != '/') {
    return "must be an absolute path";
  }
  return parse_optional_path<&settings::pkcs11_module>(into, value);
}

template <bool settings::*Member>
complaint parse_flag(settings& into, std::string_view value) {
  if (value != "0" && value != "1") {
    return "must be 0 or 1";
  }
  into.*Member = value == "1";
  return std::nullopt;
}

template <bool settings::*Member>
std::string show_flag(const settings& from) {
  return from.*Member ? "1" : "0";
}

complaint parse_log_level(settings& into, std::string_view value) {
  const auto parsed = level_from_text(value);
  if (!parsed) {
    return "must be error, warning, notice, info or debug";
  }
  into.log_level = *parsed;
  return std::nullopt;
}

std::string show_log_level(const settings& from) { return std::string(to_text(from.log_level)); }

complaint parse_socket_mode(settings& into, std::string_view value) {
  const auto parsed = number(value, base::octal);
  if (!parsed || value.size() > 4 || *parsed > 0777U) {
    return "must be three or four octal digits up to 0777";
  }
  into.socket_mode = *parsed;
  return std::nullopt;
}

std::string show_socket_mode(const settings& from) {
  std::array<char, 4> digits{};
  for (std::size_t index = 0; index < digits.size(); ++index) {
    const auto shift = 3U * static_cast<unsigned>(digits.size() - 1 - index);
    digits[index] = static_cast<char>('0' + ((from.socket_mode >> shift) & 7U));
  }
  return {digits.begin(), digits.end()};
}

bool is_group_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_' || character == '-' || character == '.';
}

// Whether the group exists is found out when the socket is made. The empty name is the default.
complaint parse_socket_group(settings& into, std::string_view value) {
  if (value.size() > max_group_name || !std::all_of(value.begin(), value.end(), is_group_character)) {
    return "must be the name or number of a group";
  }
  into.socket_group = value;
  return std::nullopt;
}

// What certificates call this device. RFC 5280 appendix A: a common name has at most 64 characters.
complaint parse_device_name(settings& into, std::string_view value) {
  constexpr std::size_t longest = 64;
  const auto is_allowed = [](char c) { return is_group_character(c) || c == ':'; };
  if (value.size() > longest || !std::all_of(value.begin(), value.end(), is_allowed)) {
    return "must be up to 64 letters, digits, '-', '_', '.' and ':'";
  }
  into.device_name = value;
  return std::nullopt;
}

complaint parse_stop_timeout(settings& into, std::string_view value) {
  constexpr std::uint32_t longest = 600'000;
  const auto parsed = number(value, base::decimal);
  if (!parsed || *parsed > longest) {
    return "must be milliseconds from 0 to " + std::to_string(longest);
  }
  into.stop_timeout = std::chrono::milliseconds(*parsed);
  return std::nullopt;
}

std::string show_stop_timeout(const settings& from) { return std::to_string(from.stop_timeout.count()); }

using enum takes_effect;

// The upper limits keep a typing error from becoming an allocation; they are far above what one host serves.
constexpr std::array keys{
    setting_key{"listen", "PATH", "Unix socket to listen on when systemd passes none", on_restart,
                parse_path<&settings::listen, max_socket_path>, show_text<&settings::listen>},
    setting_key{"state-dir", "DIR", "directory of the store", on_restart,
                parse_path<&settings::state_dir, max_path>, show_text<&settings::state_dir>},
    setting_key{"store-key", "FILE", "key of the store; default: store.key in the state directory",
                on_restart, parse_optional_path<&settings::store_key>, show_text<&settings::store_key>},
    setting_key{"log-level", "LEVEL", "error, warning, notice, info or debug", on_reload, parse_log_level,
                show_log_level},
    setting_key{"socket-mode", "MODE", "permissions of the socket, octal", on_restart, parse_socket_mode,
                show_socket_mode},
    setting_key{"socket-group", "GROUP", "group of the socket", on_restart, parse_socket_group,
                show_text<&settings::socket_group>},
    setting_key{"max-channels", "N", "channels open at a time", on_reload,
                parse_count<&settings::max_channels, 1, 65'536>, show_count<&settings::max_channels>},
    setting_key{"max-channels-per-user", "N", "channels open at a time by one user id", on_reload,
                parse_count<&settings::max_channels_per_user, 1, 65'536>,
                show_count<&settings::max_channels_per_user>},
    setting_key{"max-sockets", "N", "sockets of all channels together", on_reload,
                parse_count<&settings::max_sockets, 1, 1'000'000>, show_count<&settings::max_sockets>},
    setting_key{"max-sockets-per-channel", "N", "sockets of one channel", on_reload,
                parse_count<&settings::max_sockets_per_channel, 1, 65'536>,
                show_count<&settings::max_sockets_per_channel>},
    setting_key{"resolver-threads", "N", "host names that are looked up at a time", on_restart,
                parse_count<&settings::resolver_threads, 1, 64>, show_count<&settings::resolver_threads>},
    setting_key{"stop-timeout", "MS", "time to close sockets when the daemon stops, milliseconds", on_reload,
                parse_stop_timeout, show_stop_timeout},
    setting_key{"max-sessions-per-user", "N", "sessions kept for one user id", on_reload,
                parse_count<&settings::max_sessions_per_user, 1, 65'536>,
                show_count<&settings::max_sessions_per_user>},
    setting_key{"session-lifetime", "S", "time that a session is kept at most, seconds", on_reload,
                parse_count<&settings::session_lifetime_seconds, 60, 604'800>,
                show_count<&settings::session_lifetime_seconds>},
    setting_key{"resume-without-ems", "0|1", "resume sessions without extended master secret", on_reload,
                parse_flag<&settings::resume_without_ems>, show_flag<&settings::resume_without_ems>},
    setting_key{"association-lifetime", "S", "time that a live association is kept at most, seconds",
                on_reload, parse_count<&settings::association_lifetime_seconds, 60, 31'536'000>,
                show_count<&settings::association_lifetime_seconds>},
    setting_key{"associations-across-boots", "0|1", "take up live associations of before a boot", on_restart,
                parse_flag<&settings::associations_across_boots>,
                show_flag<&settings::associations_across_boots>},
    setting_key{"cid-padding", "N", "fill records with a connection ID up to multiples of this, bytes",
                on_reload, parse_count<&settings::cid_padding_bytes, 0, 1024>,
                show_count<&settings::cid_padding_bytes>},
    setting_key{"allow-network-tests", "0|1", "allow AT#TNET", on_reload,
                parse_flag<&settings::allow_network_tests>, show_flag<&settings::allow_network_tests>},
    setting_key{"pkcs11-module", "FILE", "PKCS #11 module for keys in tokens; default: none", on_restart,
                parse_module, show_text<&settings::pkcs11_module>},
    setting_key{"pkcs11-pin-file", "FILE", "PIN of the tokens; default: the unit's credential pkcs11-pin",
                on_restart, parse_optional_path<&settings::pkcs11_pin_file>,
                show_text<&settings::pkcs11_pin_file>},
    setting_key{"pkcs11-configured-only", "0|1", "only keys that the configuration names, in tokens",
                on_reload, parse_flag<&settings::pkcs11_configured_only>,
                show_flag<&settings::pkcs11_configured_only>},
    setting_key{"device-name", "NAME", "common name in certificate requests; default: from the machine's id",
                on_reload, parse_device_name, show_text<&settings::device_name>},
};

}  // namespace

std::span<const setting_key> setting_keys() { return keys; }

const setting_key* find_key(std::string_view name) {
  const auto* const found =
      std::find_if(keys.begin(), keys.end(), [name](const setting_key& key) { return key.name == name; });
  return found == keys.end() ? nullptr : found;
}

std::optional<std::string> store(const setting_key& key, std::string_view value, settings& into) {
  auto wrong = key.parse(into, value);
  if (wrong) {
    *wrong += ", not \"" + escaped(value) + '"';
  }
  return wrong;
}

}  // namespace tlsmodem

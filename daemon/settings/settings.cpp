#include "settings.hpp"

#include "daemon/support/unique_fd.hpp"
#include "ini.hpp"
#include "keys.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>

namespace tlsmodem {
namespace {

constexpr std::string_view profile_prefix = "profile ";
constexpr std::string_view credential_prefix = "credential ";

constexpr std::array<std::string_view, 7> credential_keys = {"trusted",  "chain", "key",   "psk",
                                                             "identity", "crl",   "pkcs11"};

// The only option of AT#TCFG that may be set several times: each adds a TLSA record.
constexpr std::string_view repeatable_option = "dane";

at::failure file_failure(const std::string& path, int error_number) {
  return {at::error::not_found, escaped(path) + ": " + std::strerror(error_number)};
}

at::result<std::string> contents_of(const std::string& path) {
  const unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) {
    return file_failure(path, errno);
  }
  std::string text;
  std::array<char, 16'384> chunk{};
  while (text.size() <= max_config_bytes) {
    const ssize_t count = ::read(file.value(), chunk.data(), chunk.size());
    if (count < 0 && errno != EINTR) {
      return file_failure(path, errno);
    }
    if (count == 0) {
      break;
    }
    text.append(chunk.data(), count < 0 ? 0 : static_cast<std::size_t>(count));
  }
  return text;
}

// Takes entries one after the other; every check that needs to know what came before is here.
class reader {
 public:
  reader(std::string_view file_name, const profile_validator& validator)
      : file_name_(file_name), validator_(validator) {}

  // Each returns what is wrong.
  std::optional<at::failure> take(const ini_section& section);
  std::optional<at::failure> take(const ini_entry& entry);

  settings result;

 private:
  std::optional<at::failure> take_key(const ini_entry& entry);
  std::optional<at::failure> take_option(const ini_entry& entry);
  std::optional<at::failure> take_credential(const ini_entry& entry);
  at::failure wrong(const ini_entry& entry, const std::string& what) const;
  static std::string place_of(const ini_entry& entry);

  std::string_view file_name_;
  const profile_validator& validator_;
  std::map<std::string, unsigned, std::less<>> seen_;  // "section.key" or "[section]" and its line
};

at::failure reader::wrong(const ini_entry& entry, const std::string& what) const {
  return ini_failure(file_name_, entry.line, place_of(entry) + ": " + what);
}

std::string reader::place_of(const ini_entry& entry) {
  return entry.section.empty() ? entry.key : '[' + entry.section + "] " + entry.key;
}

std::optional<at::failure> reader::take(const ini_section& section) {
  const auto [earlier, is_new] = seen_.emplace('[' + section.name + ']', section.line);
  if (!is_new) {
    return ini_failure(file_name_, section.line,
                       '[' + section.name + "] is already in line " + std::to_string(earlier->second));
  }
  if (section.name.starts_with(profile_prefix)) {
    result.profiles.push_back({section.name.substr(profile_prefix.size()), {}});
  } else {
    result.credentials.push_back({std::stoll(section.name.substr(credential_prefix.size())), {}});
  }
  return std::nullopt;
}

std::optional<at::failure> reader::take(const ini_entry& entry) {
  const auto [earlier, is_new] = seen_.emplace(entry.section + '.' + entry.key, entry.line);
  if (!is_new && (!entry.section.starts_with(profile_prefix) || entry.key != repeatable_option)) {
    return wrong(entry, "is already in line " + std::to_string(earlier->second));
  }
  if (entry.section.empty()) {
    return take_key(entry);
  }
  return entry.section.starts_with(profile_prefix) ? take_option(entry) : take_credential(entry);
}

std::optional<at::failure> reader::take_key(const ini_entry& entry) {
  const setting_key* const key = find_key(entry.key);
  if (key == nullptr) {
    return wrong(entry, "unknown key");
  }
  if (const auto complaint = store(*key, entry.value, result)) {
    return wrong(entry, *complaint);
  }
  return std::nullopt;
}

std::optional<at::failure> reader::take_option(const ini_entry& entry) {
  if (find_key(entry.key) != nullptr) {
    return wrong(entry, "no option of a profile; keys of the daemon stand before the first section");
  }
  const auto complaint = validator_ ? validator_(entry.key, entry.value) : std::nullopt;
  if (complaint) {
    return wrong(entry, *complaint);
  }
  const auto profile =
      std::find_if(result.profiles.begin(), result.profiles.end(), [&entry](const named_profile& candidate) {
        return std::string_view(entry.section).substr(profile_prefix.size()) == candidate.name;
      });
  profile->options.push_back(
      {entry.key, entry.value, entry.line, ini_failure(file_name_, entry.line, place_of(entry)).text});
  return std::nullopt;
}

std::optional<at::failure> reader::take_credential(const ini_entry& entry) {
  if (std::find(credential_keys.begin(), credential_keys.end(), entry.key) == credential_keys.end()) {
    return wrong(entry, "unknown key; a credential has trusted, chain, key, psk, identity, crl and pkcs11");
  }
  if (entry.value.empty() || entry.value.front() == '"') {
    return wrong(entry, entry.key == "pkcs11" ? "must be a URI, without quotes"
                                              : "must be the path of a file, without quotes");
  }
  const auto tag = entry.section.substr(credential_prefix.size());
  const auto target = std::find_if(
      result.credentials.begin(), result.credentials.end(),
      [&tag](const configured_credential& candidate) { return std::to_string(candidate.tag) == tag; });
  target->files.push_back(
      {entry.key, entry.value, ini_failure(file_name_, entry.line, place_of(entry)).text});
  return std::nullopt;
}

void add_changed_profiles(const settings& running, const settings& loaded,
                          std::vector<std::string>& changed) {
  const auto add = [&changed](const named_profile& profile) { changed.push_back("profile " + profile.name); };
  for (const named_profile& profile : loaded.profiles) {
    const named_profile* const before = running.profile(profile.name);
    if (before == nullptr || *before != profile) {
      add(profile);
    }
  }
  for (const named_profile& profile : running.profiles) {
    if (loaded.profile(profile.name) == nullptr) {
      add(profile);
    }
  }
}

const configured_credential* credential_of(const settings& from, std::int64_t tag) {
  const auto found =
      std::find_if(from.credentials.begin(), from.credentials.end(),
                   [tag](const configured_credential& candidate) { return candidate.tag == tag; });
  return found == from.credentials.end() ? nullptr : &*found;
}

void add_changed_credentials(const settings& running, const settings& loaded,
                             std::vector<std::string>& changed) {
  const auto add = [&changed](std::int64_t tag) { changed.push_back("credential " + std::to_string(tag)); };
  for (const auto& after : loaded.credentials) {
    const auto* const before = credential_of(running, after.tag);
    if (before == nullptr || *before != after) {
      add(after.tag);
    }
  }
  for (const auto& before : running.credentials) {
    if (credential_of(loaded, before.tag) == nullptr) {
      add(before.tag);
    }
  }
}

}  // namespace

const named_profile* settings::profile(std::string_view name) const {
  const auto found = std::find_if(profiles.begin(), profiles.end(),
                                  [name](const named_profile& candidate) { return candidate.name == name; });
  return found == profiles.end() ? nullptr : &*found;
}

at::result<settings> parse_text(std::string_view text, std::string_view name,
                                const profile_validator& validator) {
  const auto file = parse_ini(text, name);
  if (!file) {
    return file.why();
  }
  reader taker(name, validator);
  for (const ini_section& section : file->sections) {
    if (auto wrong = taker.take(section)) {
      return *std::move(wrong);
    }
  }
  for (const ini_entry& entry : file->entries) {
    if (auto wrong = taker.take(entry)) {
      return *std::move(wrong);
    }
  }
  return std::move(taker.result);
}

at::result<settings> load_file(const std::string& path, const profile_validator& validator) {
  const auto text = contents_of(path);
  if (!text) {
    return text.why();
  }
  return parse_text(*text, path, validator);
}

at::result<settings> load(const command_line& from, const profile_validator& validator) {
  at::result<settings> loaded = settings{};
  if (from.config_file) {
    loaded = load_file(*from.config_file, validator);
  } else if (::access(default_config_file().c_str(), F_OK) == 0 || errno != ENOENT) {
    loaded = load_file(default_config_file(), validator);
  }
  if (!loaded) {
    return loaded;
  }
  for (const auto& [name, value] : from.overrides) {
    if (auto wrong = store(*find_key(name), value, *loaded)) {
      return {at::error::incorrect_parameters, "--" + name + ' ' + *wrong};
    }
  }
  return loaded;
}

setting_changes compare(const settings& running, const settings& loaded) {
  setting_changes changes;
  for (const setting_key& key : setting_keys()) {
    if (key.show(running) == key.show(loaded)) {
      continue;
    }
    auto& list = key.when == takes_effect::on_reload ? changes.reloadable : changes.needs_restart;
    list.emplace_back(key.name);
  }
  add_changed_profiles(running, loaded, changes.reloadable);
  add_changed_credentials(running, loaded, changes.reloadable);
  return changes;
}

void apply_reloadable(settings& running, const settings& loaded) {
  for (const setting_key& key : setting_keys()) {
    if (key.when == takes_effect::on_reload) {
      key.parse(running, key.show(loaded));
    }
  }
  running.profiles = loaded.profiles;
  running.credentials = loaded.credentials;
}

std::vector<std::string> known_keys() {
  std::vector<std::string> names;
  for (const setting_key& key : setting_keys()) {
    names.emplace_back(key.name);
  }
  return names;
}

}  // namespace tlsmodem

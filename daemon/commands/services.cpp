#include "services.hpp"

namespace tlsmodem {

std::map<std::string, profile, std::less<>> make_profiles(const settings& config) {
  std::map<std::string, profile, std::less<>> made;
  profile defaults;
  if (const auto* named = config.profile(default_profile))
    for (const auto& line : named->options) set_option(defaults, line.option, std::string_view(line.value));
  made.emplace(default_profile, defaults);
  for (const auto& named : config.profiles) {
    profile p = defaults;
    for (const auto& line : named.options) set_option(p, line.option, std::string_view(line.value));
    made.insert_or_assign(named.name, std::move(p));
  }
  return made;
}

std::optional<std::string> validate_profile_option(std::string_view option, std::string_view value) {
  profile scratch;
  if (const auto wrong = set_option(scratch, option, value)) return wrong->text;
  return std::nullopt;
}

}  // namespace tlsmodem

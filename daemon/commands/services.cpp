#include "services.hpp"

namespace tlsmodem {

namespace {

std::optional<at::failure> add_options(profile& target, const named_profile& named) {
  for (const auto& line : named.options) {
    const auto wrong = set_option(target, line.option, std::string_view(line.value));
    if (wrong) return at::failure{wrong->code, line.where + ": " + wrong->text};
  }
  return std::nullopt;
}

}  // namespace

at::result<named_profiles> make_profiles(const settings& config) {
  named_profiles made;
  profile defaults;
  if (const auto* named = config.profile(default_profile))
    if (auto wrong = add_options(defaults, *named)) return *std::move(wrong);
  made.emplace(default_profile, defaults);
  for (const auto& named : config.profiles) {
    if (named.name == default_profile) continue;
    profile p = defaults;
    if (auto wrong = add_options(p, named)) return *std::move(wrong);
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

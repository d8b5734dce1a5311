// The table of daemon keys: how each is called, checked, written back, and whether a reload is enough to
// change it.
#pragma once

#include "settings.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tlsmodem {

enum class takes_effect { on_reload, on_restart };

struct setting_key {
  std::string_view name;
  std::string_view argument;  // the placeholder in --help
  std::string_view help;
  takes_effect when;
  // Stores the value, or returns what it must be and leaves the settings alone.
  std::optional<std::string> (*parse)(settings& into, std::string_view value);
  // The value as parse() takes it.
  std::string (*show)(const settings& from);
};

std::span<const setting_key> setting_keys();

// Null for an unknown name.
const setting_key* find_key(std::string_view name);

// "must be ..., not ...", or nothing when the value was stored.
std::optional<std::string> store(const setting_key& key, std::string_view value, settings& into);

}  // namespace tlsmodem

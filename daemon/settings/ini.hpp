// The lines of an INI file, each with its number.
//
// Boost.Program_options splits the text. It has no line numbers, cuts a value at '#' and takes undefined
// steps for an empty section name, so a pass of ours goes before it: that pass refuses what would be misread
// and counts lines. A comment is a line that begins with '#'; elsewhere '#' is an error. In a quoted profile
// value it is written \23.
#pragma once

#include "protocol/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem {

struct ini_entry {
  std::string section;  // "" before the first section, else "profile NAME" or "credential TAG"
  std::string key;
  std::string value;
  unsigned line = 0;
};

struct ini_section {
  std::string name;
  unsigned line = 0;
};

struct ini_file {
  std::vector<ini_section> sections;  // also the empty ones
  std::vector<ini_entry> entries;
};

// A configuration is written by hand; what is longer than this is some other file.
inline constexpr std::size_t max_config_bytes = 1 << 20;

// "name:line: what is wrong", or "name:line: key what is wrong".
at::failure ini_failure(std::string_view name, unsigned line, std::string_view what);

at::result<ini_file> parse_ini(std::string_view text, std::string_view name);

}  // namespace tlsmodem

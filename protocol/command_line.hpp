// A command line: its prefix is found as V.250 5.2.1 says, whatever noise stands before it, and its body
// taken apart as V.250 5.3 and 5.4 say: basic commands need no separator, extended commands are joined by
// ";". Values are not looked at here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem::at {

enum class form : std::uint8_t { execute, set, read, test };

struct parsed_command {
  std::string name;  // upper case: "E", "&F", "S", "+CMEE", "#TOPEN"
  form is = form::execute;
  std::string arguments;  // the text behind "=" of a set; for basic commands their number, "" if none
  int s_register = -1;    // the number of an S command

  bool operator==(const parsed_command&) const = default;
};

struct parsed_line {
  std::vector<parsed_command> commands;
  // Something behind `commands` is no command: they run, then the line ends with ERROR.
  bool ends_in_rubbish = false;
};

// What stands behind the prefix; nothing: the line is none for a modem. The prefix is the first "AT", or the
// first "at" or "At" that does not end a word (docs/decisions/0028-line-noise.md).
std::optional<std::string_view> find_body(std::string_view line);

parsed_line parse_command_line(std::string_view body);

}  // namespace tlsmodem::at

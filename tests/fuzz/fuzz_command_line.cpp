// Any text as the body of a command line: commands with proper names, and the same again when written out.
#include "invariants.hpp"
#include "protocol/command_line.hpp"
#include "protocol/command_set.hpp"

namespace {

using tlsmodem::at::form;
using tlsmodem::at::parsed_command;
using tlsmodem::fuzz::require;

bool is_basic(const parsed_command& command) {
  const char c = command.name.front();
  return c == '&' || (c >= 'A' && c <= 'Z');
}

std::string written(const parsed_command& command) {
  std::string text = command.name;
  if (command.s_register >= 0) text += std::to_string(command.s_register);
  if (command.is == form::read) text += "?";
  if (command.is == form::test) text += "=?";
  if (command.is == form::set) text += "=";
  return text + command.arguments + ";";
}

void check(const parsed_command& command) {
  require(command.name.size() >= (is_basic(command) && command.name.front() != '&' ? 1U : 2U),
          "a name has a letter");
  for (const char c : command.name)
    require(c > ' ' && c <= '~' && !(c >= 'a' && c <= 'z'), "a name is upper case");
  require((command.s_register >= 0) == (command.name == "S"), "S and only S has a register");
  require(command.s_register <= 999, "a register has three digits");
  const bool has_arguments = command.is == form::set || is_basic(command);
  require(has_arguments || command.arguments.empty(), "only a set has arguments");
  const auto* known = tlsmodem::at::find_command(command.name);
  require(known == nullptr || known->name == command.name, "the table is asked by name");
}

// Whatever stands before the prefix: the body is what stands behind it.
void check_prefix(std::string_view text) {
  const auto body = tlsmodem::at::find_body(text);
  require(!body || text.ends_with(*body), "a body ends its line");
  require(!body || body->size() + 2 <= text.size(), "behind a prefix");
  std::string noise(text);
  std::erase_if(noise, [](char c) { return c == 't' || c == 'T'; });
  const std::string line = noise + "AT" + std::string(text);
  require(tlsmodem::at::find_body(line) == text, "noise changes nothing");
  require(!tlsmodem::at::find_body(noise), "and is no line");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_prefix(tlsmodem::as_text({data, size}));
  const auto line = tlsmodem::at::parse_command_line(tlsmodem::as_text({data, size}));
  require(line.commands.size() <= size, "a command takes a byte");
  std::string again;
  for (const auto& command : line.commands) {
    check(command);
    again += written(command);
  }
  const auto second = tlsmodem::at::parse_command_line(again);
  // An open string reaches to the end of the line, and takes the separator that is written behind it.
  if (!line.commands.empty() && std::ranges::count(line.commands.back().arguments, '"') % 2 != 0) return 0;
  require(!second.ends_in_rubbish, "what is written is a line");
  require(second.commands == line.commands, "and the same one");
  return 0;
}

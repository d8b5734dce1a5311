#include "command_line.hpp"

#include <optional>
#include <utility>

namespace tlsmodem::at {
namespace {

constexpr bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
// V.250 5.4.1 knows "+"; the others are what vendors use.
constexpr bool begins_extended(char c) {
  return std::string_view("+#%^*!@$").find(c) != std::string_view::npos;
}
constexpr bool is_name_character(char c) {
  return is_letter(c) || is_digit(c) || std::string_view("!%-./:_").find(c) != std::string_view::npos;
}

class line_parser {
 public:
  explicit line_parser(std::string_view body) : rest_(body) {}

  parsed_line parse() {
    parsed_line line;
    while (skip_spaces(), !rest_.empty()) {
      auto command = begins_extended(rest_.front()) ? extended() : basic();
      if (!command) {
        line.ends_in_rubbish = true;
        break;
      }
      line.commands.push_back(std::move(*command));
    }
    return line;
  }

 private:
  void skip_spaces() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip_spaces();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string digits() {
    std::string out;
    for (skip_spaces(); !rest_.empty() && is_digit(rest_.front()); skip_spaces()) {
      out.push_back(rest_.front());
      rest_.remove_prefix(1);
    }
    return out;
  }

  std::optional<parsed_command> basic() {
    parsed_command command;
    if (take('&')) command.name = "&";
    skip_spaces();
    if (rest_.empty() || !is_letter(rest_.front())) return std::nullopt;
    command.name.push_back(upper(rest_.front()));
    rest_.remove_prefix(1);
    const std::string number = digits();
    if (command.name == "S") return s_register(std::move(command), number);
    command.arguments = number;
    take(';');  // not needed behind a basic command, but drivers write it
    return command;
  }

  std::optional<parsed_command> s_register(parsed_command command, const std::string& number) {
    if (number.empty() || number.size() > 3) return std::nullopt;
    command.s_register = std::stoi(number);
    command.is = take_form();
    if (command.is == form::execute) return std::nullopt;
    if (command.is == form::set) command.arguments = digits();
    take(';');
    return command;
  }

  std::optional<parsed_command> extended() {
    parsed_command command;
    command.name.push_back(rest_.front());
    rest_.remove_prefix(1);
    for (skip_spaces(); !rest_.empty() && is_name_character(rest_.front()); skip_spaces()) {
      command.name.push_back(upper(rest_.front()));
      rest_.remove_prefix(1);
    }
    if (command.name.size() < 2) return std::nullopt;
    command.is = take_form();
    if (command.is == form::set) command.arguments = take_arguments();
    skip_spaces();
    // V.250 5.4.1: what follows an extended command is separated by ";".
    if (!rest_.empty() && !take(';')) return std::nullopt;
    return command;
  }

  form take_form() {
    if (take('?')) return form::read;
    if (!take('=')) return form::execute;
    return take('?') ? form::test : form::set;
  }

  // Up to the ";" or the end, strings respected. An escape cannot hide a quote: \22 has none.
  std::string take_arguments() {
    bool in_string = false;
    std::size_t end = 0;
    for (; end < rest_.size(); ++end) {
      if (rest_[end] == '"') in_string = !in_string;
      if (rest_[end] == ';' && !in_string) break;
    }
    std::string text(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return text;
  }

  std::string_view rest_;
};

}  // namespace

std::optional<std::string_view> find_body(std::string_view line) {
  bool is_in_word = false;
  for (std::size_t at = 0; at + 1 < line.size(); ++at) {
    const bool is_prefix = upper(line[at]) == 'A' && upper(line[at + 1]) == 'T';
    if (is_prefix && (!is_in_word || line.substr(at, 2) == "AT")) return line.substr(at + 2);
    is_in_word = is_letter(line[at]);
  }
  return std::nullopt;
}

parsed_line parse_command_line(std::string_view body) { return line_parser(body).parse(); }

}  // namespace tlsmodem::at

#include "ini.hpp"

#include "daemon/support/log.hpp"

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <exception>
#include <optional>
#include <sstream>

namespace tlsmodem {
namespace {

namespace po = boost::program_options;

enum class line_kind { nothing, section, entry };

struct line_verdict {
  line_kind kind = line_kind::nothing;
  std::optional<std::string> wrong;
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_name_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_' || character == '-';
}

bool is_name(std::string_view text) {
  constexpr std::size_t longest = 64;
  return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), is_name_character);
}

bool is_control(char character) {
  return (static_cast<unsigned char>(character) < 0x20 && character != '\t') || character == 0x7F;
}

// A tag of AT#TCRED. One way to write it, so that no tag has two sections.
bool is_tag(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  return status == std::errc{} && end == text.data() + text.size() && value <= 0x7fffffff &&
         (text.front() != '0' || text.size() == 1);
}

bool is_section(std::string_view text, std::string_view start, bool (*is_argument)(std::string_view)) {
  return text.starts_with(start) && text.ends_with(']') && text.size() > start.size() &&
         is_argument(text.substr(start.size(), text.size() - start.size() - 1));
}

line_verdict judge_section(std::string_view text) {
  if (is_section(text, "[profile ", is_name) || is_section(text, "[credential ", is_tag)) {
    return {line_kind::section, std::nullopt};
  }
  return {
      line_kind::section,
      "a section is [profile NAME], NAME of letters, digits, '-' and '_', or [credential TAG], TAG from 0 to "
      "2147483647"};
}

line_verdict judge_entry(std::string_view text) {
  if (text.find('#') != std::string_view::npos) {
    return {line_kind::entry,
            "'#' inside a line: a comment has a line of its own, and in a quoted value '#' is written \\23"};
  }
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    return {line_kind::entry, "neither \"key = value\", [section] nor a comment (which begins with '#')"};
  }
  if (!is_name(trimmed(text.substr(0, equals)))) {
    return {line_kind::entry, "no key before '='"};
  }
  return {line_kind::entry, std::nullopt};
}

line_verdict judge(std::string_view line) {
  const std::string_view text = trimmed(line);
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return {line_kind::nothing, "a control character"};
  }
  if (text.empty() || text.front() == '#') {
    return {};
  }
  if (text.front() == ';') {
    return {line_kind::nothing, "a comment begins with '#', not with ';'"};
  }
  return text.front() == '[' ? judge_section(text) : judge_entry(text);
}

// What our pass knows of the text: the sections, and the line of each entry in order.
struct outline {
  std::vector<ini_section> sections;
  std::vector<unsigned> entry_lines;
};

at::result<outline> outline_of(std::string_view text, std::string_view name) {
  outline result;
  unsigned line = 0;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view content = text.substr(start, end - start);
    start = end + 1;
    ++line;
    const line_verdict verdict = judge(content);
    if (verdict.wrong) {
      return ini_failure(name, line, *verdict.wrong);
    }
    if (verdict.kind == line_kind::section) {
      const std::string_view brackets = trimmed(content);
      result.sections.push_back({std::string(brackets.substr(1, brackets.size() - 2)), line});
    } else if (verdict.kind == line_kind::entry) {
      result.entry_lines.push_back(line);
    }
  }
  return result;
}

// Program_options names an entry "section.key"; neither part contains a dot.
ini_entry entry_of(const po::option& option, unsigned line) {
  ini_entry entry;
  const std::size_t dot = option.string_key.find('.');
  if (dot == std::string::npos) {
    entry.key = option.string_key;
  } else {
    entry.section = option.string_key.substr(0, dot);
    entry.key = option.string_key.substr(dot + 1);
  }
  entry.value = option.value.empty() ? std::string() : option.value.front();
  entry.line = line;
  return entry;
}

}  // namespace

at::failure ini_failure(std::string_view name, unsigned line, std::string_view what) {
  return {at::error::incorrect_parameters,
          escaped(name) + ':' + std::to_string(line) + ": " + std::string(what)};
}

at::result<ini_file> parse_ini(std::string_view text, std::string_view name) {
  if (text.size() > max_config_bytes) {
    return ini_failure(name, 1, "longer than " + std::to_string(max_config_bytes) + " bytes");
  }
  auto outlined = outline_of(text, name);
  if (!outlined) {
    return outlined.why();
  }
  ini_file file;
  file.sections = std::move(outlined->sections);
  try {
    std::istringstream stream{std::string(text)};
    const auto parsed = po::parse_config_file(stream, po::options_description(), true);
    if (parsed.options.size() != outlined->entry_lines.size()) {
      return ini_failure(name, 1, "the lines of this file cannot be told apart");
    }
    for (std::size_t index = 0; index < parsed.options.size(); ++index) {
      file.entries.push_back(entry_of(parsed.options[index], outlined->entry_lines[index]));
    }
  } catch (const std::exception& error) {  // how Program_options reports
    return ini_failure(name, 1, error.what());
  }
  return file;
}

}  // namespace tlsmodem

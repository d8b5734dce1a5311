#include "dialogue.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <stdexcept>
#include <utility>

namespace tlsmodem::test {
namespace {

constexpr std::string_view peer_mark = "! peer: ";
constexpr std::string_view configuration_mark = "! the configuration says: ";

std::string place(const std::string& path, std::size_t number) {
  return path + ":" + std::to_string(number) + ": ";
}

step parse_step(const std::string& path, const std::string& line, std::size_t number) {
  if (line == "< >") return {step::kind::prompt, {}, number};
  constexpr std::array<std::pair<std::string_view, step::kind>, 6> marks = {{
      {"> ", step::kind::line},
      {">> ", step::kind::payload},
      {"< ", step::kind::answer},
      {"<< ", step::kind::frame},
      {"<= ", step::kind::exactly},
      {"! ", step::kind::outside},
  }};
  for (const auto& [mark, kind] : marks)
    if (line.starts_with(mark)) return {kind, line.substr(mark.size()), number};
  throw std::runtime_error(place(path, number) + "not a line of a dialogue: " + line);
}

dialogue parse_dialogue(const std::string& path, const fence& block) {
  dialogue made{path, {}, {}, {}, {}};
  for (std::size_t i = 0; i < block.lines.size(); ++i) {
    const auto& line = block.lines[i];
    if (line.starts_with(peer_mark)) {
      made.peer = line.substr(peer_mark.size());
    } else if (line.starts_with(configuration_mark)) {
      made.configuration.push_back(line.substr(configuration_mark.size()));
    } else {
      made.steps.push_back(parse_step(path, line, block.first + i));
    }
  }
  if (made.peer.empty()) throw std::runtime_error(place(path, block.first) + "the dialogue names no peer");
  return made;
}

// "docs/protocol/sockets.md" -> "protocol_sockets"
std::string name_of(std::string path) {
  if (path.starts_with("docs/")) path.erase(0, 5);
  path.erase(path.rfind('.'));
  std::replace_if(
      path.begin(), path.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return path;
}

struct placeholder {
  std::string_view name;
  std::size_t least;
  std::size_t most;
  bool (*fits)(char);
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_digit_or_dot(char c) { return is_digit(c) || c == '.'; }
bool is_lower_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
bool is_any(char) { return true; }

constexpr std::array<placeholder, 7> placeholders = {{
    {"<number>", 1, 20, is_digit},
    {"<port>", 1, 5, is_digit},
    {"<length>", 1, 5, is_digit},
    {"<version>", 1, 20, is_digit_or_dot},
    {"<sha256>", 64, 64, is_lower_hex},
    {"<handle>", 32, 32, is_lower_hex},
    {"<bytes>", 0, std::string_view::npos, is_any},
}};

const placeholder* placeholder_at(std::string_view pattern) {
  const auto* found = std::find_if(placeholders.begin(), placeholders.end(),
                                   [&](const placeholder& p) { return pattern.starts_with(p.name); });
  return found == placeholders.end() ? nullptr : found;
}

}  // namespace

std::vector<dialogue> dialogues() {
  std::vector<dialogue> all;
  for (const auto& document : documents()) {
    int ordinal = 0;
    for (const auto& block : fences(document)) {
      if (block.info != "at") continue;
      all.push_back(parse_dialogue(document.path, block));
      all.back().name = name_of(document.path) + "_" + std::to_string(++ordinal);
    }
  }
  return all;
}

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '\\' && i + 2 < text.size() &&
                           std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
                           std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0;
    if (is_escape) {
      out.push_back(static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

bool matches(std::string_view pattern, std::string_view text) {
  while (!pattern.empty()) {
    if (const auto* varying = placeholder_at(pattern)) {
      const auto rest = pattern.substr(varying->name.size());
      std::size_t length = 0;
      while (length < text.size() && length < varying->most && varying->fits(text[length])) ++length;
      for (; length + 1 > varying->least; --length) {
        if (matches(rest, text.substr(length))) return true;
        if (length == 0) break;
      }
      return false;
    }
    if (text.empty() || text.front() != pattern.front()) return false;
    pattern.remove_prefix(1);
    text.remove_prefix(1);
  }
  return text.empty();
}

}  // namespace tlsmodem::test

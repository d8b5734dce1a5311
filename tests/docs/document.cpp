#include "document.hpp"

#include "tests/support/process.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <sstream>
#include <stdexcept>

namespace tlsmodem::test {
namespace {

namespace fs = std::filesystem;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool is_fence(std::string_view line) { return line.starts_with("```"); }

// The level of a heading, 0 for any other line.
std::size_t level_of(std::string_view line) {
  const auto marks = std::min(line.find_first_not_of('#'), line.size());
  return marks > 0 && line.substr(marks).starts_with(' ') ? marks : 0;
}

document read_page(const std::string& path) {
  document made{path, {}};
  std::istringstream text(read_file(source_path(path)));
  for (std::string line; std::getline(text, line);) made.lines.push_back(line);
  return made;
}

std::vector<std::string> list_tree() {
  std::vector<std::string> found;
  const fs::path root = TLSMODEM_SOURCE_DIR;
  for (fs::recursive_directory_iterator entry(root), end; entry != end; ++entry) {
    const auto name = entry->path().filename().string();
    if (entry->is_directory() && (name.starts_with('.') || name == "build")) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file()) {
      found.push_back(entry->path().lexically_relative(root).string());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

std::string source_path(std::string_view below_the_tree) {
  return std::string(TLSMODEM_SOURCE_DIR "/") + std::string(below_the_tree);
}

const std::vector<std::string>& files_of_the_tree() {
  static const auto list = list_tree();
  return list;
}

const std::vector<document>& documents() {
  static const auto pages = [] {
    std::vector<document> found;
    for (const auto& path : files_of_the_tree())
      if (path.ends_with(".md") && (path.starts_with("docs/") || path.find('/') == std::string::npos))
        found.push_back(read_page(path));
    return found;
  }();
  return pages;
}

const document& page(std::string_view path) {
  const auto found = std::find_if(documents().begin(), documents().end(),
                                  [&](const document& candidate) { return candidate.path == path; });
  if (found == documents().end()) throw std::runtime_error("there is no page " + std::string(path));
  return *found;
}

std::vector<fence> fences(const document& in) {
  std::vector<fence> found;
  bool is_inside = false;
  for (std::size_t i = 0; i < in.lines.size(); ++i) {
    const auto& line = in.lines[i];
    if (is_fence(line)) {
      if (!is_inside) found.push_back({std::string(trimmed(line.substr(3))), i + 2, {}});
      is_inside = !is_inside;
    } else if (is_inside) {
      found.back().lines.push_back(line);
    }
  }
  if (is_inside) throw std::runtime_error(in.path + ": a fenced block does not end");
  return found;
}

std::vector<section> sections(const document& in, std::size_t level) {
  std::vector<section> found;
  bool is_inside = false;  // of a fenced block, where '#' begins no heading
  bool is_open = false;
  for (const auto& line : in.lines) {
    if (is_fence(line)) is_inside = !is_inside;
    const auto here = is_inside ? 0 : level_of(line);
    if (here != 0 && here <= level) {
      is_open = here == level;
      if (is_open) found.push_back({line.substr(level + 1), {}});
    } else if (is_open) {
      found.back().lines.push_back(line);
    }
  }
  return found;
}

std::vector<row> table_rows(const std::vector<std::string>& lines) {
  std::vector<row> rows;
  std::size_t line_of_table = 0;  // head and rule are the lines 1 and 2
  for (const auto& line : lines) {
    line_of_table = line.starts_with('|') ? line_of_table + 1 : 0;
    if (line_of_table < 3) continue;
    row cells;
    std::istringstream text(line.substr(1));
    for (std::string cell; std::getline(text, cell, '|');) cells.emplace_back(trimmed(cell));
    rows.push_back(std::move(cells));
  }
  return rows;
}

std::vector<std::string> prose(const document& in) {
  auto lines = in.lines;
  bool is_inside = false;
  for (auto& line : lines) {
    const bool is_border = is_fence(line);
    if (is_border) is_inside = !is_inside;
    if (is_inside || is_border) line.clear();
  }
  return lines;
}

std::vector<std::string> in_backticks(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    const auto from = line.find('`');
    const auto to = from == std::string_view::npos ? from : line.find('`', from + 1);
    if (to == std::string_view::npos) return words;
    words.emplace_back(line.substr(from + 1, to - from - 1));
    line.remove_prefix(to + 1);
  }
}

std::string without_backticks(std::string_view cell) {
  std::string text(cell);
  std::erase(text, '`');
  return text;
}

std::string anchor_of(std::string_view heading) {
  std::string anchor;
  for (const char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_')
      anchor.push_back(static_cast<char>(std::tolower(byte)));
    if (c == ' ') anchor.push_back('-');
  }
  return anchor;
}

}  // namespace tlsmodem::test

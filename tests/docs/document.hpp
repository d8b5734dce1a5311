// Markdown as far as the tests look at it: headings, fenced blocks, rows of tables, words in backticks,
// links.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem::test {

struct document {
  std::string path;  // below the tree: "docs/protocol/sockets.md"
  std::vector<std::string> lines;
};

struct section {
  std::string heading;  // without its '#'s
  std::vector<std::string> lines;
};

struct fence {
  std::string info;       // what stands behind the opening ```
  std::size_t first = 0;  // line number (from 1) of the first line inside
  std::vector<std::string> lines;
};

using row = std::vector<std::string>;

// The pages of the project: those of the root and all below docs/, sorted.
const std::vector<document>& documents();
// Throws when there is no such page.
const document& page(std::string_view path);

std::string source_path(std::string_view below_the_tree);
// Relative to the tree, without build directories and what begins with a dot.
const std::vector<std::string>& files_of_the_tree();

std::vector<fence> fences(const document& in);
// Each heading of this level with what follows it, up to the next heading of this level or a higher one.
std::vector<section> sections(const document& in, std::size_t level);
// The rows of the tables in these lines, without the head and its rule; cells are trimmed.
std::vector<row> table_rows(const std::vector<std::string>& lines);
// The lines outside of fenced blocks; those inside are empty.
std::vector<std::string> prose(const document& in);
std::vector<std::string> in_backticks(std::string_view line);
std::string without_backticks(std::string_view cell);
// The anchor that a heading gets on the forges.
std::string anchor_of(std::string_view heading);

}  // namespace tlsmodem::test

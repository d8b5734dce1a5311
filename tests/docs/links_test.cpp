// What the documentation points at exists: pages, headings, files.
#include "document.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <regex>

namespace tlsmodem::test {
namespace {

namespace fs = std::filesystem;

bool has_anchor(const std::string& path, const std::string& anchor) {
  for (const std::size_t level : {1U, 2U, 3U, 4U})
    for (const auto& found : sections(page(path), level))
      if (anchor_of(found.heading) == anchor) return true;
  return false;
}

void expect_target(const document& from, const std::string& link) {
  const auto hash = std::min(link.find('#'), link.size());
  const auto file = link.substr(0, hash);
  const auto target =
      file.empty() ? from.path : (fs::path(from.path).parent_path() / file).lexically_normal().string();
  EXPECT_TRUE(fs::exists(source_path(target))) << from.path << " links to " << link;
  if (hash == link.size() || !fs::exists(source_path(target))) return;
  EXPECT_TRUE(has_anchor(target, link.substr(hash + 1))) << from.path << " links to " << link;
}

TEST(links, relative_links_resolve) {
  const std::regex markdown_link(R"(\]\(([^)\s]+)\))");
  for (const auto& document : documents()) {
    for (const auto& line : prose(document)) {
      for (std::sregex_iterator hit(line.begin(), line.end(), markdown_link), end; hit != end; ++hit) {
        const std::string link = (*hit)[1];
        if (link.find("://") == std::string::npos && !link.starts_with("mailto:"))
          expect_target(document, link);
      }
    }
  }
}

// A path whose first folder is one of the tree, or the name of a source or script.
bool looks_like_a_file(const std::string& word) {
  static const std::regex path(R"([A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*/?)");
  if (!std::regex_match(word, path)) return false;
  const auto slash = word.find('/');
  if (slash != std::string::npos)
    return word.front() != '.' && word.front() != '-' && word.substr(0, slash) != "build" &&
           fs::is_directory(source_path(word.substr(0, slash)));
  const auto extension = fs::path(word).extension().string();
  static const std::vector<std::string> ours = {".cpp", ".hpp", ".sh", ".py", ".md", ".cmake", ".json"};
  return std::find(ours.begin(), ours.end(), extension) != ours.end();
}

bool is_in_tree(const std::string& word) {
  if (fs::exists(source_path(word))) return true;
  if (word.find('/') != std::string::npos) return false;
  const auto& files = files_of_the_tree();
  return std::any_of(files.begin(), files.end(),
                     [&](const std::string& file) { return file.ends_with("/" + word); });
}

TEST(links, files_named_in_backticks_exist) {
  for (const auto& document : documents())
    for (const auto& line : prose(document))
      for (const auto& word : in_backticks(line))
        EXPECT_TRUE(!looks_like_a_file(word) || is_in_tree(word)) << document.path << " names " << word;
}

TEST(links, what_looks_like_a_file_is_told_from_what_does_not) {
  EXPECT_TRUE(looks_like_a_file("protocol/limits.hpp"));
  EXPECT_TRUE(looks_like_a_file("limits.hpp"));
  EXPECT_TRUE(looks_like_a_file("daemon/net/"));
  EXPECT_FALSE(looks_like_a_file("build/dev"));
  EXPECT_FALSE(looks_like_a_file("close_notify"));
  EXPECT_FALSE(looks_like_a_file("UDP/TCP"));
}

}  // namespace
}  // namespace tlsmodem::test

// The reference pages say what the code says: commands, events, errors, options, limits.
#include "daemon/commands/services.hpp"
#include "daemon/settings/settings.hpp"
#include "daemon/socket/profile.hpp"
#include "dialogue.hpp"
#include "protocol/command_set.hpp"
#include "protocol/commands/cfg.hpp"
#include "protocol/event.hpp"
#include "protocol/limits.hpp"
#include "tests/support/process.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <set>

namespace tlsmodem::test {
namespace {

constexpr const char* overview = "docs/protocol/README.md";
constexpr const char* events_page = "docs/protocol/events.md";
constexpr const char* errors_page = "docs/protocol/errors.md";
constexpr const char* profiles_page = "docs/protocol/profiles.md";

bool is_reference(const std::string& path) { return path.starts_with("docs/protocol/"); }

std::string typed_name(const at::command_info& command) {
  return "AT" + std::string(command.name) + (command.id == at::command_id::s_register ? "<n>" : "");
}

// The section whose heading is the command, or begins with it and a colon.
std::optional<section> section_of(const at::command_info& command) {
  const auto name = "AT" + std::string(command.name);
  for (const auto& document : documents()) {
    if (!is_reference(document.path)) continue;
    for (const auto& found : sections(document, 2))
      if (found.heading == name || found.heading.starts_with(name + ":")) return found;
  }
  return std::nullopt;
}

struct documented_form {
  std::string_view word;
  at::form is;
  std::string_view suffix;  // of the syntax
};
constexpr documented_form documented_forms[] = {
    {"Execute", at::form::execute, ""},
    {"Set", at::form::set, "="},
    {"Read", at::form::read, "?"},
    {"Test", at::form::test, "=?"},
};

// The row of the form: | form | syntax | answer | errors |
std::optional<row> row_of(const section& in, std::string_view word) {
  for (const auto& cells : table_rows(in.lines))
    if (!cells.empty() && cells.front() == word) return cells;
  return std::nullopt;
}

std::set<std::string> commands_in_dialogues() {
  std::set<std::string> names;
  for (const auto& played : dialogues()) {
    if (!is_reference(played.path)) continue;
    for (const auto& next : played.steps)
      if (next.is == step::kind::line && next.text.size() > 2)
        for (const auto& command : at::parse_command_line(next.text.substr(2)).commands)
          names.insert(command.name);
  }
  return names;
}

TEST(reference, every_command_has_a_section_with_its_forms) {
  for (const auto& command : at::command_set()) {
    SCOPED_TRACE(typed_name(command));
    const auto documented = section_of(command);
    ASSERT_TRUE(documented);
    for (const auto& form : documented_forms) {
      SCOPED_TRACE(form.word);
      const auto cells = row_of(*documented, form.word);
      EXPECT_EQ(cells.has_value(), command.allowed.contains(form.is));
      if (!cells) continue;
      ASSERT_EQ(cells->size(), 4U) << "form, syntax, answer, errors";
      EXPECT_TRUE(cells->at(1).starts_with("`" + typed_name(command) + std::string(form.suffix)))
          << cells->at(1);
    }
  }
}

TEST(reference, test_forms_answer_what_the_table_of_commands_says) {
  for (const auto& command : at::command_set()) {
    const auto documented = section_of(command);
    if (!documented || command.values.empty()) continue;
    const auto cells = row_of(*documented, "Test");
    ASSERT_TRUE(cells) << command.name;
    EXPECT_EQ(cells->at(2), "`" + std::string(command.name) + ": " + std::string(command.values) + "`");
  }
}

TEST(reference, every_command_is_in_a_dialogue) {
  const auto shown = commands_in_dialogues();
  for (const auto& command : at::command_set())
    EXPECT_TRUE(shown.contains(std::string(command.name))) << command.name;
}

TEST(reference, no_section_is_about_a_command_that_is_not_there) {
  for (const auto& document : documents()) {
    if (!is_reference(document.path)) continue;
    for (const auto& found : sections(document, 2)) {
      if (!found.heading.starts_with("AT")) continue;
      const auto name = found.heading.substr(2, found.heading.find_first_of(":<") - 2);
      EXPECT_NE(at::find_command(name), nullptr) << document.path << ": " << found.heading;
    }
  }
}

TEST(reference, error_numbers_of_commands_exist) {
  const std::regex number("`([0-9]+)`");
  for (const auto& command : at::command_set()) {
    const auto documented = section_of(command);
    if (!documented) continue;
    for (const auto& cells : table_rows(documented->lines)) {
      if (cells.size() != 4) continue;
      const auto& text = cells[3];
      for (std::sregex_iterator hit(text.begin(), text.end(), number), end; hit != end; ++hit) {
        const auto code = static_cast<at::error>(std::stoi((*hit)[1]));
        const auto all = at::all_errors();
        EXPECT_NE(std::find(all.begin(), all.end(), code), all.end()) << command.name << " " << hit->str();
      }
    }
  }
}

// What this version emits is what it has a format for.
std::set<std::string> emitted_events() {
  std::set<std::string> names;
  for (const auto& line :
       {at::format(at::up_event{}), at::format(at::fail_event{}), at::format(at::down_event{}),
        at::format(at::received_event{}), at::format_ready(1, 1), at::format(at::moved_event{}),
        at::format(at::error_event{1, at::error::internal}), at::format(at::key_event{1, "handle"}),
        at::format_lost(1)}) {
    EXPECT_TRUE(at::is_event(line)) << line;
    names.insert(line.substr(0, line.find(':')));
  }
  return names;
}

TEST(reference, every_event_has_a_section_and_no_other_has) {
  std::set<std::string> documented;
  for (const auto& found : sections(page(events_page), 2))
    if (found.heading.starts_with('#') || found.heading.starts_with('+'))
      documented.insert(found.heading.substr(0, found.heading.find(':')));
  EXPECT_EQ(documented, emitted_events());
}

// #TLOST takes hundreds of events that nobody reads; tests/protocol shows it. #TMOVED takes a server with
// connection IDs, which not every machine has; tests/integration shows it.
TEST(reference, every_event_but_lost_is_in_a_dialogue) {
  std::set<std::string> shown = {"#TLOST", "#TMOVED"};
  for (const auto& played : dialogues())
    for (const auto& next : played.steps)
      if (next.is == step::kind::answer) shown.insert(next.text.substr(0, next.text.find(':')));
  for (const auto& name : emitted_events()) EXPECT_TRUE(shown.contains(name)) << name;
}

TEST(reference, causes_of_down_are_listed_in_order) {
  std::vector<std::string> numbers;
  for (const auto& found : sections(page(events_page), 2))
    if (found.heading.starts_with("#TDOWN"))
      for (const auto& cells : table_rows(found.lines)) numbers.push_back(cells.at(0));
  EXPECT_EQ(numbers, (std::vector<std::string>{"`0`", "`1`", "`2`", "`3`", "`4`", "`5`"}));
}

TEST(reference, error_table_is_that_of_the_code) {
  std::vector<std::pair<std::string, std::string>> documented;
  for (const auto& cells : table_rows(page(errors_page).lines))
    if (cells.size() >= 2 && cells[0].starts_with('`'))
      documented.emplace_back(without_backticks(cells[0]), without_backticks(cells[1]));
  std::vector<std::pair<std::string, std::string>> coded;
  for (const auto code : at::all_errors())
    coded.emplace_back(std::to_string(static_cast<int>(code)), std::string(at::describe(code)));
  EXPECT_EQ(documented, coded);
}

TEST(reference, option_table_has_every_option_with_its_default) {
  std::vector<std::pair<std::string, std::string>> documented;
  for (const auto& found : sections(page(profiles_page), 2))
    if (found.heading == "Options")
      for (const auto& cells : table_rows(found.lines))
        documented.emplace_back(without_backticks(cells.at(0)), without_backticks(cells.at(1)));
  std::vector<std::pair<std::string, std::string>> coded;
  const profile defaults;
  for (const auto name : option_names()) {
    const auto values = read_option(defaults, name);
    ASSERT_TRUE(values) << name;
    coded.emplace_back(std::string(name), values->empty() ? "not set" : at::format_values(*values));
  }
  EXPECT_EQ(documented, coded);
}

const std::map<std::string, std::uint64_t>& limits() {
  static const std::map<std::string, std::uint64_t> values = {
      {"max_line_bytes", at::max_line_bytes},
      {"max_payload_bytes", at::max_payload_bytes},
      {"max_datagram_bytes", at::max_datagram_bytes},
      {"max_swallowed_payload_bytes", static_cast<std::uint64_t>(at::max_swallowed_payload_bytes)},
      {"max_held_events", at::max_held_events},
      {"output_high_water_bytes", at::output_high_water_bytes},
      {"input_high_water_bytes", at::input_high_water_bytes},
      {"profile_count", static_cast<std::uint64_t>(at::profile_count)},
      {"max_host_bytes", at::max_host_bytes},
  };
  return values;
}

TEST(reference, limit_table_has_every_limit_with_its_value) {
  std::map<std::string, std::uint64_t> documented;
  for (const auto& found : sections(page(overview), 2))
    if (found.heading == "Limits")
      for (const auto& cells : table_rows(found.lines)) {
        auto digits = cells.at(1);
        std::erase(digits, ',');
        documented[without_backticks(cells.at(0))] = std::stoull(digits);
      }
  EXPECT_EQ(documented, limits());
}

TEST(reference, no_limit_of_the_header_is_forgotten) {
  const auto header = read_file(source_path("protocol/limits.hpp"));
  const std::regex constant("inline constexpr [a-z_:0-9]+ ([a-z_]+) =");
  std::set<std::string> declared;
  for (std::sregex_iterator hit(header.begin(), header.end(), constant), end; hit != end; ++hit)
    declared.insert((*hit)[1]);
  std::set<std::string> known;
  for (const auto& [name, value] : limits()) known.insert(name);
  EXPECT_EQ(declared, known);
}

TEST(reference, configurations_of_the_docs_are_accepted) {
  int count = 0;
  for (const auto& document : documents()) {
    for (const auto& block : fences(document)) {
      if (block.info != "ini") continue;
      std::string text;
      for (const auto& line : block.lines) text += line + "\n";
      const auto loaded = parse_text(text, document.path, validate_profile_option);
      EXPECT_TRUE(loaded) << (loaded ? "" : loaded.why().text);
      ++count;
    }
  }
  EXPECT_GT(count, 0);
}

}  // namespace
}  // namespace tlsmodem::test

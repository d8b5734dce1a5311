#include "protocol/command_set.hpp"

#include "protocol/limits.hpp"

#include <gtest/gtest.h>

#include <set>

namespace tlsmodem::at {
namespace {

constexpr socket_state all_states[] = {
    socket_state::open,    socket_state::connecting, socket_state::connected, socket_state::listening,
    socket_state::closing, socket_state::closed,     socket_state::detached};

TEST(command_set, names_and_ids_are_unique_and_found) {
  std::set<std::string_view> names;
  std::set<command_id> ids;
  for (const auto& command : command_set()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_TRUE(ids.insert(command.id).second) << command.name;
    EXPECT_EQ(find_command(command.name), &command);
  }
  for (const std::string_view none : {"", "#", "#TOPE", "#TOPENX", "#topen", "AT"}) {
    EXPECT_EQ(find_command(none), nullptr) << none;
  }
}

TEST(command_set, every_form_of_every_name_is_parsed_as_itself) {
  const struct {
    std::string_view suffix;
    form is;
  } rows[] = {{"", form::execute}, {"=", form::set}, {"?", form::read}, {"=?", form::test}};
  for (const auto& command : command_set()) {
    const bool is_basic = command.name.front() != '+' && command.name.front() != '#';
    for (const auto& row : rows) {
      if (is_basic && (command.name == "S" ? row.is == form::execute : row.is != form::execute)) continue;
      std::string name(command.name);
      const auto line = parse_command_line(name + (name == "S" ? "3" : "") + std::string(row.suffix));
      ASSERT_EQ(line.commands.size(), 1U) << name << row.suffix;
      EXPECT_FALSE(line.ends_in_rubbish) << name << row.suffix;
      EXPECT_EQ(line.commands.front().name, name);
      EXPECT_EQ(line.commands.front().is, row.is) << name << row.suffix;
      if (is_basic) {
        EXPECT_TRUE(command.allowed.contains(row.is)) << name << row.suffix;
      }
    }
    if (!is_basic) {
      EXPECT_TRUE(command.allowed.contains(form::test)) << command.name;
    }
  }
}

TEST(command_set, payload_rules) {
  const struct {
    std::string_view name;
    std::string_view values;
    std::optional<std::int64_t> length;
  } rows[] = {
      {"#TSEND", "0,5", 5},
      {"#TSEND", "0,0", 0},
      {"#TSEND", "0,5,1,9,9", 5},
      {"#TSEND", ",5", 5},
      {"#TSEND", "\"x\",5", 5},
      {"#TSEND", "0,9223372036854775807", 9223372036854775807},
      {"#TSEND", "0", std::nullopt},
      {"#TSEND", "0,", std::nullopt},
      {"#TSEND", "0,-1", std::nullopt},
      {"#TSEND", "0,\"5\"", std::nullopt},
      {"#TCRED", "0,1,2,5", 5},
      {"#TCRED", "0,,,5", 5},
      {"#TCRED", "0,1,2,5,1,\"pw\"", 5},
      {"#TCRED", "0,1,2", std::nullopt},
      {"#TCRED", "1,1,2,5", std::nullopt},
      {"#TCRED", "2,1,2,5", std::nullopt},
      {"#TCRED", ",1,2,5", std::nullopt},
      {"#TCRED", "\"0\",1,2,5", std::nullopt},
  };
  for (const auto& row : rows) {
    const auto* command = find_command(row.name);
    ASSERT_NE(command, nullptr);
    ASSERT_NE(command->payload, nullptr);
    const auto values = parse_values(row.values);
    ASSERT_TRUE(values);
    EXPECT_EQ(command->payload(*values), row.length) << row.name << "=" << row.values;
  }
  for (const auto& command : command_set()) {
    EXPECT_EQ(command.payload != nullptr, command.name == "#TSEND" || command.name == "#TCRED")
        << command.name;
  }
}

TEST(command_set, states) {
  const auto legal = [](std::string_view name, socket_state state) {
    return find_command(name)->states->contains(state);
  };
  for (const auto state : all_states) {
    EXPECT_EQ(legal("#TSEND", state), state == socket_state::connected);
    EXPECT_EQ(legal("#TBIND", state), state == socket_state::open);
    EXPECT_EQ(legal("#TCONN", state), state == socket_state::open || state == socket_state::closed);
    EXPECT_EQ(legal("#TREOPEN", state), state == socket_state::open || state == socket_state::closed);
    EXPECT_TRUE(legal("#TCLOSE", state));
    EXPECT_TRUE(legal("#TINFO", state));
    EXPECT_FALSE(name_of(state).empty());
  }
  EXPECT_EQ(wrong_state(socket_state::connecting), error::busy);
  EXPECT_EQ(wrong_state(socket_state::open), error::not_connected);
  EXPECT_EQ(wrong_state(socket_state::closed), error::not_connected);
  EXPECT_EQ(wrong_state(socket_state::listening), error::not_allowed);
}

}  // namespace
}  // namespace tlsmodem::at

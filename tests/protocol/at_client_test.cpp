// What the modem wrote, taken apart at every split.
#include "protocol/at_client.hpp"

#include "protocol/limits.hpp"
#include "scripted_handler.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace tlsmodem::at {
namespace {

using kind = item::kind;

std::string to_text(const item& i) {
  constexpr std::string_view names[] = {"info", "ok", "failed", "event", "prompt", "malformed"};
  std::string text(names[static_cast<std::size_t>(i.is)]);
  text += " " + quote(i.line);
  if (i.has_payload) text += " | " + quote(as_text(i.payload));
  if (i.is == kind::failed) text += " " + std::to_string(static_cast<int>(i.code));
  return text;
}

void feed(at_client& client, std::string_view piece, std::vector<std::string>& items) {
  client.feed(piece);
  while (const auto found = client.next()) items.push_back(to_text(*found));
}

void expect_items(std::string_view input, const std::vector<std::string>& expected) {
  for (std::size_t cut = 0; cut <= input.size(); ++cut) {
    at_client client;
    std::vector<std::string> items;
    feed(client, input.substr(0, cut), items);
    feed(client, input.substr(cut), items);
    ASSERT_EQ(items, expected) << "cut at " << cut;
  }
  at_client client;
  std::vector<std::string> items;
  for (const char c : input) feed(client, {&c, 1}, items);
  EXPECT_EQ(items, expected) << "byte by byte";
}

TEST(at_client, results) {
  expect_items(
      "\r\nOK\r\n\r\nERROR\r\n\r\n+CME ERROR: 811\r\n\r\n+CME ERROR: not connected\r\n"
      "\r\n+CME ERROR: 99999999999999\r\nOK\r\n",
      {"ok \"OK\"", "failed \"ERROR\" 100", "failed \"+CME ERROR: 811\" 811",
       "failed \"+CME ERROR: not connected\" 100", "failed \"+CME ERROR: 99999999999999\" 100", "ok \"OK\""});
}

TEST(at_client, information_and_events_are_told_by_the_first_word) {
  expect_items("\r\n#TOPEN: 1\r\n\r\nOK\r\n\r\n#TKEY: 1,\"ab\"\r\n\r\nOKAY\r\n\r\n#TCRED: 1,0,\"AB\",0\r\n",
               {"info \"#TOPEN: 1\"", "ok \"OK\"", "event \"#TKEY: 1,\\22ab\\22\"", "info \"OKAY\"",
                "info \"#TCRED: 1,0,\\22AB\\22,0\""});
}

TEST(at_client, prompts) {
  expect_items("> \r\nOK\r\n> > \r\n+CME ERROR: 3\r\n", {"prompt \"> \"", "ok \"OK\"", "prompt \"> \"",
                                                         "prompt \"> \"", "failed \"+CME ERROR: 3\" 3"});
}

TEST(at_client, frames_carry_anything) {
  const auto payload = test::hostile_payload();
  const auto size = std::to_string(payload.size());
  expect_items("\r\n#TRX: 0," + size + "\r\n" + payload + "\r\n\r\nOK\r\n\r\n#TRECV: 1," + size + ",7\r\n" +
                   payload + "\r\n\r\nOK\r\n",
               {"event \"#TRX: 0," + size + "\" | " + quote(payload), "ok \"OK\"",
                "info \"#TRECV: 1," + size + ",7\" | " + quote(payload), "ok \"OK\""});
}

TEST(at_client, empty_and_credential_frames) {
  expect_items("\r\n#TRECV: 1,0,0\r\n\r\n\r\nOK\r\n\r\n#TRX: 0,2,1\r\n\r\n\r\n\r\n#TCRED: 7,3\r\nPEM\r\n",
               {"info \"#TRECV: 1,0,0\" | \"\"", "ok \"OK\"", "event \"#TRX: 0,2,1\" | \"\\0D\\0A\"",
                "info \"#TCRED: 7,3\" | \"PEM\""});
}

TEST(at_client, the_test_forms_of_frame_commands_are_plain_lines) {
  for (const auto& command : command_set()) {
    if (command.values.empty()) continue;
    const auto line = std::string(command.name) + ": " + std::string(command.values);
    expect_items("\r\n" + line + "\r\n\r\nOK\r\n", {"info " + quote(line), "ok \"OK\""});
  }
}

TEST(at_client, a_frame_that_does_not_end_is_malformed) {
  expect_items("\r\n#TRX: 0,2\r\nabc\r\n", {"malformed \"#TRX: 0,2\" | \"ab\""});
}

TEST(at_client, a_frame_without_a_readable_length_is_malformed) {
  expect_items("#TRX: 0,65537\r\n", {"malformed \"#TRX: 0,65537\""});
  expect_items("#TRX: 0\r\n#TTX: 0,-1\r\n", {"malformed \"#TRX: 0\"", "malformed \"#TTX: 0,-1\""});
  expect_items("#TRX: 0,1,\"\r\n", {"malformed \"#TRX: 0,1,\\22\""});
}

TEST(at_client, an_endless_line_is_malformed_once_and_dropped_at_every_split) {
  const std::string longest(4 * max_line_bytes, 'x');
  const std::vector<std::string> good = {"info " + quote(longest), "ok \"OK\""};
  const std::vector<std::string> bad = {"malformed \"\"", "ok \"OK\""};
  const struct {
    std::string input;
    std::vector<std::string> expected;
  } rows[] = {{longest + "\r\nOK\r\n", good},
              {longest + "x\r\nOK\r\n", bad},
              {longest + longest + "> \rOK\r\r\nOK\r\n", bad}};
  for (const auto& row : rows) {
    for (const std::size_t size :
         {std::size_t{1}, std::size_t{7}, std::size_t{16383}, std::size_t{16385}, row.input.size()}) {
      at_client client;
      std::vector<std::string> items;
      for (std::size_t at = 0; at < row.input.size(); at += size)
        feed(client, std::string_view(row.input).substr(at, size), items);
      EXPECT_EQ(items, row.expected) << size;
    }
  }
}

TEST(at_client, half_of_anything_is_nothing) {
  for (const std::string_view input : {"", "\r", "\r\n", "\r\nO", "\r\nOK\r", ">", "\r\n#TRX: 0,2\r\nab\r"}) {
    at_client client;
    client.feed(input);
    EXPECT_FALSE(client.next()) << input;
  }
}

}  // namespace
}  // namespace tlsmodem::at

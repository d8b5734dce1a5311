// Every example dialogue of the documentation is what the daemon says.
#include "player.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace tlsmodem::test {

// GoogleTest prints the parameter of a test that fails.
void PrintTo(const dialogue& what, std::ostream* out) { *out << what.path; }

namespace {

class documented_dialogue : public ::testing::TestWithParam<dialogue> {};

TEST_P(documented_dialogue, is_what_the_daemon_says) { play(GetParam()); }

INSTANTIATE_TEST_SUITE_P(docs, documented_dialogue, ::testing::ValuesIn(dialogues()),
                         [](const auto& one) { return one.param.name; });

TEST(dialogue_notation, no_dialogue_hides_in_a_block_that_is_not_played) {
  for (const auto& document : documents())
    for (const auto& block : fences(document))
      for (const auto& line : block.lines)
        EXPECT_TRUE(block.info == "at" || !(line.starts_with("> ") || line.starts_with("< ")))
            << document.path;
}

TEST(dialogue_notation, placeholders_match_what_varies_and_nothing_else) {
  EXPECT_TRUE(matches("#TUP: 1,0,<port>", "#TUP: 1,0,49152"));
  EXPECT_FALSE(matches("#TUP: 1,0,<port>", "#TUP: 1,0,"));
  EXPECT_FALSE(matches("#TUP: 1,0,<port>", "#TUP: 1,0,49152x"));
  EXPECT_TRUE(matches("<number>1", "441"));
  EXPECT_TRUE(matches("a<bytes>", "a"));
  EXPECT_TRUE(matches("<id>,<host>", "<id>,<host>"));  // those are the modem's own words
  EXPECT_FALSE(matches("<sha256>", std::string(63, 'a')));
}

TEST(dialogue_notation, escapes_stand_for_bytes) {
  EXPECT_EQ(decoded("a\\00b\\ff"), std::string("a\0b\xff", 4));
  EXPECT_EQ(decoded("\\x"), "\\x");
}

}  // namespace
}  // namespace tlsmodem::test

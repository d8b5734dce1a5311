// The example dialogues of the documentation. They are fenced blocks marked `at`; docs/testing.md tells their
// notation.
#pragma once

#include "document.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem::test {

struct step {
  enum class kind : std::uint8_t {
    line,     // "> "  typed: a command line
    payload,  // ">> " typed: raw bytes
    answer,   // "< "  the modem's line
    prompt,   // "< >" the modem's prompt
    frame,    // "<< " the raw bytes behind the line above
    exactly,  // "<= " just these bytes
    outside,  // "! "  something happens outside
  };
  kind is;
  std::string text;
  std::size_t number;  // of the line in its page
};

struct dialogue {
  std::string path;
  std::string name;  // for the test: page and ordinal
  std::string peer;
  std::vector<std::string> configuration;
  std::vector<step> steps;
};

// All dialogues of all pages. Throws when one is not in the notation.
std::vector<dialogue> dialogues();

// `\HH` stands for a byte.
std::string decoded(std::string_view text);

// Is `text` what the pattern says? <number>, <port>, <version>, <sha256>, <handle>, <length> and <bytes>
// stand for what varies; all else, also in angle brackets, stands for itself.
bool matches(std::string_view pattern, std::string_view text);

}  // namespace tlsmodem::test

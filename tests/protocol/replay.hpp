// Replays the bytes of a client into a channel, cut into pieces at will, and compares what comes out. The
// result must not depend on the cuts, but for the prompt: it is sent only when none of the payload has
// arrived.
#pragma once

#include "scripted_handler.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem::at::test {

// Stands in an expected output where the prompt is due when the payload has not begun to arrive.
inline constexpr std::string_view prompt_mark = "{>}";

struct transcript {
  std::string output;
  std::string log;
};

// Feeds `input` cut at the ascending positions `cuts`, completes pending commands with done() (the silent
// ones with silent()), takes the output after each piece.
transcript replay(std::string_view input, const std::vector<std::size_t>& cuts,
                  initial_echo echo = initial_echo::off);

// Replays at once, byte by byte, at every single cut (of long inputs: a sample) and at random cuts.
// `log` is not looked at when it is "*".
void expect_dialogue(std::string_view input, std::string_view expected, std::string_view log = "*",
                     initial_echo echo = initial_echo::off);

std::string repeated(std::string_view text, std::size_t times);

}  // namespace tlsmodem::at::test

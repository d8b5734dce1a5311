#include "replay.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace tlsmodem::at::test {
namespace {

enum class prompts : std::uint8_t { none, all, some };

// True if `output` is `expected` with each prompt mark standing for a prompt or for nothing, as `which` says.
bool matches(std::string_view output, std::string_view expected, prompts which) {
  const auto mark = expected.find(prompt_mark);
  if (mark == std::string_view::npos) return output == expected;
  if (!output.starts_with(expected.substr(0, mark))) return false;
  output.remove_prefix(mark);
  expected.remove_prefix(mark + prompt_mark.size());
  const bool has_prompt = output.starts_with("> ");
  if (which == prompts::all && !has_prompt) return false;
  if (which == prompts::none && has_prompt) return false;
  if (has_prompt) output.remove_prefix(2);
  return matches(output, expected, which);
}

std::vector<std::size_t> every_position(std::size_t size) {
  std::vector<std::size_t> all;
  for (std::size_t i = 1; i < size; ++i) all.push_back(i);
  return all;
}

std::vector<std::size_t> random_positions(std::size_t size, std::mt19937& random) {
  std::vector<std::size_t> cuts;
  if (size < 2) return cuts;
  std::uniform_int_distribution<std::size_t> position(1, size - 1);
  const auto count = std::uniform_int_distribution<std::size_t>(1, 8)(random);
  for (std::size_t i = 0; i < count; ++i) cuts.push_back(position(random));
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

}  // namespace

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  while (times-- > 0) out += text;
  return out;
}

transcript replay(std::string_view input, const std::vector<std::size_t>& cuts, initial_echo echo) {
  scripted_handler handler;
  at_server server(handler, echo);
  handler.server = &server;
  transcript seen;
  std::size_t from = 0;
  const auto feed_up_to = [&](std::size_t to) {
    server.receive(input.substr(from, to - from));
    from = to;
    while (server.is_command_pending() || server.has_output()) {
      std::string out;
      server.take_output(out);
      seen.output += out;
      const bool was_silent = handler.log.find("#TSEND=3") != std::string::npos;
      if (server.is_command_pending()) server.complete(was_silent ? outcome::silent() : outcome::done());
    }
  };
  for (const auto cut : cuts) feed_up_to(cut);
  feed_up_to(input.size());
  seen.log = handler.log;
  return seen;
}

void expect_dialogue(std::string_view input, std::string_view expected, std::string_view log,
                     initial_echo echo) {
  const auto check = [&](const std::vector<std::size_t>& cuts, prompts which, const std::string& how) {
    const auto seen = replay(input, cuts, echo);
    EXPECT_TRUE(matches(seen.output, expected, which))
        << how << "\n    sent " << quote(input.substr(0, 300)) << "\n     got " << quote(seen.output)
        << "\nexpected " << quote(expected);
    if (log != "*") {
      EXPECT_EQ(seen.log, log) << how;
    }
  };
  check({}, prompts::none, "at once");
  check(every_position(input.size()), prompts::all, "byte by byte");
  const std::size_t stride = std::max<std::size_t>(1, input.size() / 600);
  for (std::size_t cut = 1; cut < input.size(); cut += stride)
    check({cut}, prompts::some, "cut at " + std::to_string(cut));
  std::mt19937 random(1);
  for (int round = 0; round < 20; ++round)
    check(random_positions(input.size(), random), prompts::some,
          "random cuts, round " + std::to_string(round));
}

}  // namespace tlsmodem::at::test

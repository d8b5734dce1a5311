// Any bytes from a modem: bounded items, the same however the bytes are cut.
#include "invariants.hpp"
#include "protocol/at_client.hpp"
#include "protocol/event.hpp"
#include "protocol/limits.hpp"

#include <string>

namespace {

using tlsmodem::at::at_client;
using tlsmodem::at::item;
using tlsmodem::fuzz::require;

void check(const item& found) {
  require(found.line.find("\r\n") == std::string::npos, "a line is one line");
  require(found.line.size() <= 4 * tlsmodem::at::max_line_bytes, "a line is bounded");
  require(found.has_payload || found.payload.empty(), "a payload is told");
  if (!found.has_payload) return;
  const auto length = tlsmodem::at::frame_payload_length(found.line);
  require(length && found.payload.size() == *length, "a payload has the length that its line tells");
  require(*length <= tlsmodem::at::max_payload_bytes, "a payload is bounded");
}

std::string story_of(const tlsmodem::fuzz::pieces& pieces) {
  at_client client;
  std::string story;
  for (const auto piece : pieces) {
    client.feed(piece);
    while (const auto found = client.next()) {
      check(*found);
      story += std::to_string(static_cast<int>(found->is)) + found->line + "|" +
               std::to_string(static_cast<int>(found->code)) + "|";
      story += tlsmodem::as_text(found->payload);
      story += "\n";
    }
  }
  return story;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto input = tlsmodem::as_text({data, size});
  const auto where = tlsmodem::fuzz::take_byte(input);
  // Lines are bounded at 16 KiB: now and then the input is made long enough to see it.
  std::string repeated;
  if (where % 32 == 31) {
    while (!input.empty() && repeated.size() < 18'000) repeated += input;
    input = repeated;
  }
  const auto whole = story_of({input});
  if (repeated.empty()) {
    require(story_of(tlsmodem::fuzz::cut(input, 1)) == whole, "byte by byte is the same");
    require(story_of(tlsmodem::fuzz::cut(input, where + 1)) == whole, "small pieces are the same");
  }
  require(story_of(tlsmodem::fuzz::cut_once(input, where * 257)) == whole, "one cut is the same");
  return 0;
}

// Lines and counted payloads out of any bytes, the same however they are cut.
#include "invariants.hpp"
#include "protocol/framer.hpp"
#include "protocol/limits.hpp"

#include <string>

namespace {

using tlsmodem::at::framer;
using tlsmodem::fuzz::require;

constexpr std::size_t keep_at_most = 64;

// A line that begins with a digit announces that many payload bytes, "#" many more than are kept.
std::size_t announced_by(const std::string& text) {
  if (text.empty()) return 0;
  if (text.front() == '#') return 3 * keep_at_most;
  return text.front() >= '0' && text.front() <= '9' ? static_cast<std::size_t>(text.front() - '0') : 0;
}

void note(const framer::line& line, std::string& story) {
  const bool is_text = line.is == framer::line::kind::text;
  require(is_text || line.text.empty(), "only text lines have text");
  require(line.text.size() <= tlsmodem::at::max_line_bytes, "a line is bounded");
  for (const char c : line.text)
    require(static_cast<unsigned char>(c) >= ' ' && c != '\x7f', "no control characters");
  story += std::to_string(static_cast<int>(line.is)) + line.text + "\n";
}

std::string story_of(const tlsmodem::fuzz::pieces& pieces, char backspace) {
  framer channel;
  channel.set_backspace(backspace);
  std::string story;
  std::string echo;
  std::size_t fed = 0;
  for (const auto piece : pieces) {
    channel.feed(piece);
    fed += piece.size();
    for (;;) {
      if (channel.is_payload_expected()) {
        const auto payload = channel.next_payload();
        if (!payload) break;
        require(payload->size() <= keep_at_most, "no more is kept than was asked for");
        story += "payload " + std::string(tlsmodem::as_text(*payload)) + "\n";
        continue;
      }
      const auto line = channel.next_line(&echo);
      if (!line) break;
      note(*line, story);
      const auto length = announced_by(line->text);
      if (length > 0) channel.expect_payload(length, keep_at_most);
    }
    require(channel.buffered_bytes() == 0, "everything that can be is consumed");
  }
  require(echo.size() <= fed, "no more is echoed than was sent");
  return story + "\necho " + echo;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto input = tlsmodem::as_text({data, size});
  const auto where = tlsmodem::fuzz::take_byte(input);
  const char backspace = where % 8 == 7 ? 'b' : '\b';
  const auto whole = story_of({input}, backspace);
  require(story_of(tlsmodem::fuzz::cut(input, 1), backspace) == whole, "byte by byte is the same");
  require(story_of(tlsmodem::fuzz::cut_once(input, where), backspace) == whole, "one cut is the same");
  return 0;
}

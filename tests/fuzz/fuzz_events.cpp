// Any line as event: what is taken comes back from its own format.
#include "invariants.hpp"
#include "protocol/commands/receive.hpp"
#include "protocol/commands/session.hpp"
#include "protocol/event.hpp"
#include "protocol/limits.hpp"

namespace {

using namespace tlsmodem::at;  // NOLINT: a test program
using tlsmodem::fuzz::require;

template <typename Parse>
void check(std::string_view line, Parse parse) {
  const auto event = parse(line);
  if (!event) {
    require(!event.why().text.empty(), "a refusal has its sentence");
    return;
  }
  const auto text = format(*event);
  for (const char c : text) require(c >= ' ' && c <= '~', "an event is one printable line");
  const auto again = parse(text);
  require(again && *again == *event, "an event comes back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto line = tlsmodem::as_text({data, size});
  check(line, parse_up);
  check(line, parse_fail);
  check(line, parse_down);
  check(line, parse_received);
  check(line, parse_key);
  check(line, parse_error);
  check(line, parse_receive_answer);
  check(line, parse_listed_session);
  const auto length = frame_payload_length(line);
  require(!length || *length <= max_payload_bytes, "a payload is bounded");
  if (parse_received(line))
    require(is_event(line) && length == parse_received(line)->length, "both lengths agree");
  if (parse_receive_answer(line)) require(!is_event(line) && length.has_value(), "an answer is no event");
  return 0;
}

// Any text as values, and the values as any command's: what is taken comes back from its own format.
#include "invariants.hpp"
#include "protocol/command_line.hpp"
#include "protocol/commands/bind.hpp"
#include "protocol/commands/cfg.hpp"
#include "protocol/commands/connect.hpp"
#include "protocol/commands/credential.hpp"
#include "protocol/commands/open.hpp"
#include "protocol/commands/receive.hpp"
#include "protocol/commands/send.hpp"
#include "protocol/commands/shut.hpp"
#include "protocol/value.hpp"

namespace {

using namespace tlsmodem::at;  // NOLINT: a test program
using tlsmodem::fuzz::require;

void check_quote(std::string_view raw) {
  const auto quoted = quote(raw);
  for (const char c : quoted) require(c >= ' ' && c <= '~', "a quoted string is printable");
  const auto values = parse_values(quoted);
  require(values && values->size() == 1 && values->front().text == raw, "a quoted string comes back");
}

std::vector<value> values_of_line(const std::string& line) {
  const auto parsed = parse_command_line(std::string_view(line).substr(2));
  require(!parsed.ends_in_rubbish && parsed.commands.size() == 1, "a formatted line is one command");
  auto values = parse_values(parsed.commands.front().arguments);
  require(static_cast<bool>(values), "a formatted line has values");
  return *values;
}

// `format` writes the line of a request.
template <typename Parse, typename Format>
void check_request(const std::vector<value>& values, Parse parse, Format format) {
  const auto request = parse(values);
  if (!request) {
    require(!request.why().text.empty(), "a refusal has its sentence");
    return;
  }
  const auto line = format(*request);
  const auto again = parse(values_of_line(line));
  require(again && format(*again) == line, "a request comes back");
}

void check_requests(const std::vector<value>& values) {
  const auto formatted = [](const auto& request) { return format(request); };
  check_request(values, parse_bind, formatted);
  check_request(values, parse_cfg, formatted);
  check_request(values, parse_connect, formatted);
  check_request(values, parse_credential, formatted);
  check_request(values, parse_open, formatted);
  check_request(values, parse_receive, formatted);
  check_request(values, parse_send, formatted);
  check_request(values, parse_shut, format_shut);
  check_request(values, parse_socket_reference, format_info);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = tlsmodem::as_text({data, size});
  check_quote(input);
  const auto readable = parse_readable_values(input);
  require(readable.size() <= input.size() + 1, "a value takes a byte");
  const auto values = parse_values(input);
  if (!values) return 0;
  require(*values == readable, "what is right is readable");
  const auto again = parse_values(format_values(*values));
  const bool is_one_omitted = values->size() == 1 && values->front().is == value::kind::omitted;
  require(is_one_omitted || (again && *again == *values), "values come back");
  check_requests(*values);
  return 0;
}

#include "event.hpp"

#include "limits.hpp"
#include "value.hpp"

#include <algorithm>
#include <array>

namespace tlsmodem::at {
namespace {

constexpr std::array<std::string_view, 15> event_names = {"#TUP",    "#TFAIL",  "#TRX",  "#TRDY",  "#TDOWN",
                                                          "#TNEW",   "#TTX",    "#TKEY", "#TERR",  "#TLOST",
                                                          "#TMOVED", "#TREADY", "+CREG", "+CGREG", "+CEREG"};

constexpr std::int64_t max_id = 0x7fffffff;
constexpr std::size_t max_text_bytes = max_line_bytes;

std::string_view first_word(std::string_view line) { return line.substr(0, line.find(':')); }

// The values behind "<name>: ".
result<std::vector<value>> values_of(std::string_view line, std::string_view name) {
  if (first_word(line) != name)
    return {error::incorrect_parameters, "Not a line of " + std::string(name) + "."};
  line.remove_prefix(std::min(name.size() + 1, line.size()));
  return parse_values(line);
}

std::string number(std::int64_t n) { return std::to_string(n); }

template <typename Event, typename Read>
result<Event> parse_event(std::string_view line, std::string_view name, Read read) {
  auto values = values_of(line, name);
  if (!values) return values.why();
  arguments in(*values);
  Event event;
  read(in, event);
  in.rest();  // 27.007 4: further values at the end are for a newer client
  if (auto wrong = in.finish()) return std::move(*wrong);
  return event;
}

}  // namespace

std::string format(const up_event& e) {
  return "#TUP: " + number(e.id) + "," + number(e.how) + "," + quote(e.version) + "," + quote(e.suite) + "," +
         quote(e.remote_address) + "," + number(e.remote_port) + "," + quote(e.local_address) + "," +
         number(e.local_port);
}

std::string format(const fail_event& e) {
  return "#TFAIL: " + number(e.id) + "," + number(static_cast<int>(e.code)) + "," + number(e.alert) + "," +
         quote(e.text);
}

std::string format(const down_event& e) {
  return "#TDOWN: " + number(e.id) + "," + number(static_cast<int>(e.cause)) + "," + number(e.alert) + "," +
         quote(e.text);
}

std::string format(const received_event& e) {
  std::string line = "#TRX: " + number(e.id) + "," + std::to_string(e.length);
  if (e.is_truncated) line += ",1";
  return line;
}

std::string format(const key_event& e) { return "#TKEY: " + number(e.id) + "," + quote(e.handle); }

std::string format(const moved_event& e) {
  return "#TMOVED: " + number(e.id) + "," + quote(e.address) + "," + number(e.port);
}

std::string format_ready(int id, std::size_t unread_bytes) {
  return "#TRDY: " + number(id) + "," + std::to_string(unread_bytes);
}

std::string format(const error_event& e) {
  return "#TERR: " + number(e.id) + "," + number(static_cast<int>(e.code));
}

std::string format_lost(std::uint64_t events) { return "#TLOST: " + std::to_string(events); }

bool is_lost(std::string_view line) { return first_word(line) == "#TLOST"; }

result<moved_event> parse_moved(std::string_view line) {
  return parse_event<moved_event>(line, "#TMOVED", [](arguments& in, moved_event& e) {
    e.id = static_cast<int>(in.number(0, max_id));
    e.address = in.text(max_text_bytes);
    e.port = static_cast<std::uint16_t>(in.number(0, 65535));
  });
}

result<key_event> parse_key(std::string_view line) {
  return parse_event<key_event>(line, "#TKEY", [](arguments& in, key_event& e) {
    e.id = static_cast<int>(in.number(0, max_id));
    e.handle = in.text(max_text_bytes);
  });
}

result<error_event> parse_error(std::string_view line) {
  return parse_event<error_event>(line, "#TERR", [](arguments& in, error_event& e) {
    e.id = static_cast<int>(in.number(0, max_id));
    e.code = static_cast<error>(in.number(0, 999));
  });
}

result<up_event> parse_up(std::string_view line) {
  return parse_event<up_event>(line, "#TUP", [](arguments& in, up_event& e) {
    e.id = static_cast<int>(in.number(0, max_id));
    e.how = static_cast<int>(in.number(0, 2));
    e.version = in.text(max_text_bytes);
    e.suite = in.text(max_text_bytes);
    e.remote_address = in.text(max_text_bytes);
    e.remote_port = static_cast<std::uint16_t>(in.number(0, 65535));
    e.local_address = in.text(max_text_bytes);
    e.local_port = static_cast<std::uint16_t>(in.number(0, 65535));
  });
}

result<fail_event> parse_fail(std::string_view line) {
  return parse_event<fail_event>(line, "#TFAIL", [](arguments& in, fail_event& e) {
    e.id = static_cast<int>(in.number(0, max_id));
    e.code = static_cast<error>(in.number(0, 999));
    e.alert = static_cast<int>(in.number(-1, 255));
    e.text = in.text(max_text_bytes);
  });
}

result<down_event> parse_down(std::string_view line) {
  return parse_event<down_event>(line, "#TDOWN", [](arguments& in, down_event& e) {
    e.id = static_cast<int>(in.number(0, max_id));
    e.cause = static_cast<down_cause>(in.number(0, 5));
    e.alert = static_cast<int>(in.number(-1, 255));
    e.text = in.text(max_text_bytes);
  });
}

result<received_event> parse_received(std::string_view line) {
  return parse_event<received_event>(line, "#TRX", [](arguments& in, received_event& e) {
    e.id = static_cast<int>(in.number(0, max_id));
    e.length = static_cast<std::size_t>(in.number(0, max_payload_bytes));
    e.is_truncated = (in.number_or(0, 0, 0xffff) & 1) != 0;
  });
}

bool is_event(std::string_view line) {
  return std::find(event_names.begin(), event_names.end(), first_word(line)) != event_names.end();
}

std::optional<std::size_t> frame_payload_length(std::string_view line) {
  const auto name = first_word(line);
  const bool is_credential = name == "#TCRED";
  if (name != "#TRX" && name != "#TTX" && name != "#TRECV" && !is_credential) return std::nullopt;
  const auto values = values_of(line, name);
  if (!values || values->size() < 2 || (*values)[1].is != value::kind::number) return std::nullopt;
  // The list lines of AT#TCRED have four values, the frames two.
  if (is_credential && values->size() != 2) return std::nullopt;
  const auto length = (*values)[1].number;
  if (length < 0 || length > static_cast<std::int64_t>(max_payload_bytes)) return std::nullopt;
  return static_cast<std::size_t>(length);
}

}  // namespace tlsmodem::at

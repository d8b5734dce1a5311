#include "framing_model.hpp"

#include "protocol/value.hpp"
#include "replay.hpp"

#include <charconv>

namespace tlsmodem::at::test {
namespace {

// Takes `unit` off the front of `output`; a prompt mark stands for a prompt or nothing.
bool take_unit(std::string_view& output, std::string_view unit) {
  std::string_view rest = output;
  for (;;) {
    const auto mark = unit.find(prompt_mark);
    const auto literal = unit.substr(0, mark);
    if (!rest.starts_with(literal)) return false;
    rest.remove_prefix(literal.size());
    if (mark == std::string_view::npos) break;
    if (rest.starts_with("> ")) rest.remove_prefix(2);
    unit.remove_prefix(mark + prompt_mark.size());
  }
  output = rest;
  return true;
}

std::optional<std::size_t> take_lost(std::string_view& output) {
  constexpr std::string_view head = "\r\n#TLOST: ";
  if (!output.starts_with(head)) return std::nullopt;
  std::size_t count = 0;
  const auto* const begin = output.data() + head.size();
  const auto [end, status] = std::from_chars(begin, output.data() + output.size(), count);
  if (status != std::errc{}) return std::nullopt;
  const auto rest = output.substr(static_cast<std::size_t>(end - output.data()));
  if (!rest.starts_with("\r\n")) return std::nullopt;
  output = rest.substr(2);
  return count;
}

}  // namespace

std::optional<std::string> framing_model::check(std::string_view output) const {
  std::size_t unit = 0;
  std::size_t event = 0;
  const auto skip_lines_without_output = [&] {
    while (unit < units_.size() && units_[unit].empty()) ++unit;
  };
  for (skip_lines_without_output(); !output.empty(); skip_lines_without_output()) {
    if (event < events_.size() && output.starts_with(events_[event])) {
      output.remove_prefix(events_[event].size());
      ++event;
    } else if (const auto lost = take_lost(output)) {
      event += *lost;
      if (*lost == 0 || event > events_.size()) return "More events were told lost than there were.";
    } else if (unit < units_.size() && take_unit(output, units_[unit])) {
      ++unit;
    } else {
      return "Neither line " + std::to_string(unit) + " nor event " + std::to_string(event) +
             " stands at: " + quote(output.substr(0, 200)) + "\nthe line's: " +
             (unit < units_.size() ? quote(std::string_view(units_[unit]).substr(0, 200)) : "none left");
    }
  }
  while (unit < units_.size() && (units_[unit].empty() || units_[unit] == prompt_mark)) ++unit;
  if (unit != units_.size()) return "The output ends before the response of line " + std::to_string(unit);
  if (event != events_.size()) return "The output ends before event " + std::to_string(event);
  return std::nullopt;
}

}  // namespace tlsmodem::at::test

// AT#TCFG=<profile>[,"<option>"[,<value>...]]: sets, reads or lists the options of a profile.
#pragma once

#include "../limits.hpp"
#include "../value.hpp"

namespace tlsmodem::at {

struct cfg_request {
  int profile = 0;
  std::optional<std::string> option;  // absent: list them all
  std::vector<value> values;          // empty: read the option (or do what it says: "reset", "load")
  bool operator==(const cfg_request&) const = default;
};

inline result<cfg_request> parse_cfg(std::span<const value> values) {
  arguments in(values);
  cfg_request r;
  r.profile = static_cast<int>(in.number(0, profile_count - 1));
  r.option = in.optional_text(max_line_bytes);
  const auto rest = in.rest();
  r.values.assign(rest.begin(), rest.end());
  if (auto wrong = in.finish()) return std::move(*wrong);
  if (!r.option && !r.values.empty()) return {error::incorrect_parameters, "A value needs an option."};
  return r;
}

inline std::string format(const value& v) {
  switch (v.is) {
    case value::kind::number:
      return std::to_string(v.number);
    case value::kind::string:
      return quote(v.text);
    default:
      return {};
  }
}

inline std::string format_values(std::span<const value> values) {
  std::string text;
  for (const auto& v : values) text += (text.empty() && &v == values.data() ? "" : ",") + format(v);
  return text;
}

inline std::string format(const cfg_request& r) {
  std::string line = "AT#TCFG=" + std::to_string(r.profile);
  if (r.option) line += "," + quote(*r.option);
  if (!r.values.empty()) line += "," + format_values(r.values);
  return line;
}

inline std::string format_option(int profile, std::string_view option, std::span<const value> values) {
  return "#TCFG: " + std::to_string(profile) + "," + quote(option) + "," + format_values(values);
}

}  // namespace tlsmodem::at

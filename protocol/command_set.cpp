#include "command_set.hpp"

#include <algorithm>
#include <array>

namespace tlsmodem::at {
namespace {

std::optional<std::int64_t> number_at(std::span<const value> values, std::size_t index) {
  if (index >= values.size() || values[index].is != value::kind::number || values[index].number < 0)
    return std::nullopt;
  return values[index].number;
}

std::optional<std::int64_t> payload_of_send(std::span<const value> values) { return number_at(values, 1); }

std::optional<std::int64_t> payload_of_credential(std::span<const value> values) {
  return number_at(values, 0) == 0 ? number_at(values, 3) : std::nullopt;
}

using enum socket_state;
constexpr forms basic{form::execute};
constexpr forms set_only{form::set, form::test};
constexpr forms parameter{form::set, form::read, form::test};
constexpr socket_states any_state{open, connecting, connected, listening, closing, closed, detached};

constexpr std::array table = {
    command_info{command_id::echo, "E", basic, ""},
    command_info{command_id::quiet, "Q", basic, ""},
    command_info{command_id::verbose, "V", basic, ""},
    command_info{command_id::s_register, "S", parameter, ""},
    command_info{command_id::reset, "Z", basic, ""},
    command_info{command_id::factory_defaults, "&F", basic, ""},
    command_info{command_id::identify, "I", basic, ""},
    command_info{command_id::error_format, "+CMEE", parameter, "(0-2)"},
    command_info{command_id::last_failure, "+CEER", forms{form::execute, form::test}, ""},
    command_info{command_id::list_commands, "+CLAC", forms{form::execute, form::test}, ""},
    command_info{command_id::prompt, "#TPROMPT", parameter, "(0,1)"},
    command_info{command_id::cfg, "#TCFG", set_only, "(0-15),<option>,<value>"},
    command_info{command_id::open, "#TOPEN", parameter, "(0-15)"},
    command_info{command_id::reopen, "#TREOPEN", set_only, "<id>", nullptr, socket_states{open, closed}},
    command_info{command_id::bind, "#TBIND", set_only, "<id>,<address>,(0-65535)", nullptr,
                 socket_states{open}},
    command_info{command_id::connect, "#TCONN", set_only, "<id>,<host>,(1-65535),<preferred address>",
                 nullptr, socket_states{open, closed}},
    command_info{command_id::abort, "#TABORT", set_only, "<id>", nullptr,
                 socket_states{connecting, connected}},
    command_info{command_id::send, "#TSEND", set_only, "<id>,(0-65536),(0-3)", payload_of_send,
                 socket_states{connected}},
    command_info{command_id::receive, "#TRECV", set_only, "<id>,(1-65536)", nullptr, any_state},
    command_info{command_id::shut, "#TSHUT", set_only, "<id>,(0,1)", nullptr, socket_states{connected}},
    command_info{command_id::close, "#TCLOSE", set_only, "<id>,(0,1)", nullptr, any_state},
    command_info{command_id::info, "#TINFO", set_only, "<id>", nullptr, any_state},
    command_info{command_id::resume, "#TRESUME", set_only, "<id>,<handle>", nullptr,
                 socket_states{open, closed}},
    command_info{command_id::rehandshake, "#TREHS", set_only, "<id>,(0,1)", nullptr,
                 socket_states{connected}},
    command_info{command_id::sessions, "#TSESS", parameter, "(\"forget\"),<handle>"},
    command_info{command_id::network, "#TNET", set_only, "(\"rebind\")"},
    command_info{command_id::credential, "#TCRED", set_only,
                 "(0-4),(0-2147483647),(0-6),(0-65536),(0,1),<password>", payload_of_credential},
};

}  // namespace

std::span<const command_info> command_set() { return table; }

const command_info* find_command(std::string_view name) {
  const auto* found =
      std::find_if(table.begin(), table.end(), [&](const command_info& c) { return c.name == name; });
  return found == table.end() ? nullptr : found;
}

error wrong_state(socket_state state) {
  switch (state) {
    case connecting:
    case closing:
      return error::busy;
    case open:
    case closed:
      return error::not_connected;
    default:
      return error::not_allowed;
  }
}

}  // namespace tlsmodem::at

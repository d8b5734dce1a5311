// The table of commands: which there are, in which forms, whose payload they take, and in which states of the
// socket they name they may come. Both ends and the documentation's test read this one table.
#pragma once

#include "command_line.hpp"
#include "socket_state.hpp"
#include "value.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tlsmodem::at {

enum class command_id : std::uint8_t {
  // answered by the channel itself (at_server)
  echo,
  quiet,
  verbose,
  s_register,
  reset,
  factory_defaults,
  error_format,
  last_failure,
  list_commands,
  prompt,
  // answered by the modem
  identify,
  cfg,
  open,
  reopen,
  bind,
  connect,
  abort,
  send,
  receive,
  shut,
  close,
  info,
  resume,
  rehandshake,
  sessions,
  network,
  credential,
};

// A set of forms.
class forms {
 public:
  template <typename... Forms>
  constexpr explicit forms(Forms... all) : bits_((0U | ... | (1U << static_cast<unsigned>(all)))) {}
  constexpr bool contains(form f) const { return (bits_ >> static_cast<unsigned>(f) & 1U) != 0; }

 private:
  unsigned bits_;
};

// The payload length that a set's values announce; nothing when they announce none (also when they are
// wrong).
using payload_rule = std::optional<std::int64_t> (*)(std::span<const value>);

struct command_info {
  command_id id;
  std::string_view name;
  forms allowed;
  // What the test form answers behind "<name>: "; empty: just OK.
  std::string_view values;
  payload_rule payload = nullptr;
  // Legal states of the socket whose id is the first value; meaningless for commands that name no socket.
  std::optional<socket_states> states = std::nullopt;
};

std::span<const command_info> command_set();

// nullptr: there is no such command. `name` in upper case.
const command_info* find_command(std::string_view name);

// The error for a command in a state where it is not legal.
error wrong_state(socket_state state);

}  // namespace tlsmodem::at

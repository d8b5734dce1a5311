// The states of a socket as AT#TOPEN? tells them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tlsmodem::at {

enum class socket_state : std::uint8_t { open, connecting, connected, listening, closing, closed, detached };

inline constexpr std::array<std::string_view, 7> socket_state_names = {
    "open", "connecting", "connected", "listening", "closing", "closed", "detached"};

constexpr std::string_view name_of(socket_state state) {
  return socket_state_names[static_cast<std::size_t>(state)];
}

// A set of states, for the table of what is legal when.
class socket_states {
 public:
  template <typename... States>
  constexpr explicit socket_states(States... states) : bits_((0U | ... | bit(states))) {}
  constexpr bool contains(socket_state state) const { return (bits_ & bit(state)) != 0; }

 private:
  static constexpr unsigned bit(socket_state state) { return 1U << static_cast<unsigned>(state); }
  unsigned bits_;
};

}  // namespace tlsmodem::at

// AT#TNET="rebind": a new local port for every connected datagram socket, as a NAT would give it.
#pragma once

#include "../limits.hpp"
#include "../value.hpp"

namespace tlsmodem::at {

struct network_request {};

// Errors: 4 for what else the command's name promises and this version does not do.
inline result<network_request> parse_network(std::span<const value> values) {
  arguments in(values);
  const auto key = in.text(max_line_bytes);
  if (auto wrong = in.finish()) return std::move(*wrong);
  if (key == "rebind") return network_request{};
  return {error::not_supported, "This version can only do " + quote("rebind") + "."};
}

inline std::string format(const network_request&) { return "AT#TNET=" + quote("rebind"); }

}  // namespace tlsmodem::at

// What of a datagram libssl gets to see. Before the keys are there it takes every byte for the server's, and
// much of what a stranger or a broken path can make up is a fatal error to it. So only records that can
// belong to this handshake pass; behind the handshake only protected ones.
#pragma once

#include "engine.hpp"
#include "protocol/bytes.hpp"

#include <optional>

namespace tlsmodem::tls {

enum class association_phase : std::uint8_t { handshaking, established };

struct filtered_datagram {
  bytes_view records;              // points into the datagram or into `scratch`
  unsigned client_hellos = 0;      // dropped: servers that mistake us for one
  std::optional<alert> warning;    // dropped: libssl takes one in a handshake for five, which are too many
  bool repeats_handshake = false;  // dropped: a protected handshake record of an association that is up
};

// `min_protected_bytes`: the least that a protected record holds behind its header, as far as is known.
// `scratch` is only used when something in the middle is dropped.
filtered_datagram filter_records(bytes_view datagram, association_phase phase,
                                 std::size_t min_protected_bytes, bytes& scratch);

}  // namespace tlsmodem::tls

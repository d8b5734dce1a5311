// The matrix: what a handshake can be, what the network does to it, and what comes after.
#pragma once

#include "cid_fixture.hpp"

#include <iosfwd>
#include <vector>

namespace tlsmodem::test {

enum class cid_handshake { full, by_session_id, by_ticket };

// 1..6: this flight is lost once. An abbreviated handshake has five, with the two of the cookie.
struct cid_network {
  bool is_reversed = false;
  int lost_flight = 0;
};

enum class cid_ending { close, restart, kill, reboot };

struct cid_cell {
  const cid_suite* suite;
  cid_handshake handshake;
  cid_network network;
  cid_ending ending;

  bool is_lossy() const { return network.lost_flight > 0; }
};

// Letters, digits and underscores.
std::string name_of(const cid_cell& cell);
void PrintTo(const cid_cell& cell, std::ostream* out);

// All of it, about 1,850 cells.
std::vector<cid_cell> whole_matrix();
// Each suite at least twice, and each value of the other dimensions many times.
std::vector<cid_cell> part_of_matrix();
// The whole, with TLSMODEM_WHOLE_MATRIX=1 in the environment.
std::vector<cid_cell> matrix_to_run();

}  // namespace tlsmodem::test

#include "cid_matrix_cells.hpp"

#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <stdexcept>
#include <string_view>

namespace tlsmodem::test {
namespace {

constexpr cid_handshake handshakes[] = {cid_handshake::full, cid_handshake::by_session_id,
                                        cid_handshake::by_ticket};
constexpr cid_ending endings[] = {cid_ending::close, cid_ending::restart, cid_ending::kill,
                                  cid_ending::reboot};

std::vector<cid_network> networks(cid_handshake handshake) {
  std::vector<cid_network> all = {{false, 0}, {true, 0}};
  const int flights = handshake == cid_handshake::full ? 6 : 5;
  for (int flight = 1; flight <= flights; ++flight) all.push_back({false, flight});
  return all;
}

const char* name_of(cid_handshake handshake) {
  switch (handshake) {
    case cid_handshake::full:
      return "full";
    case cid_handshake::by_session_id:
      return "session_id";
    case cid_handshake::by_ticket:
      break;
  }
  return "ticket";
}

std::string name_of(const cid_network& network) {
  if (network.lost_flight > 0) return "lost_flight_" + std::to_string(network.lost_flight);
  return network.is_reversed ? "reversed" : "no_loss";
}

const char* name_of(cid_ending ending) {
  switch (ending) {
    case cid_ending::close:
      return "close";
    case cid_ending::restart:
      return "restart";
    case cid_ending::kill:
      return "kill";
    case cid_ending::reboot:
      break;
  }
  return "reboot";
}

}  // namespace

std::string name_of(const cid_cell& cell) {
  return std::string(cell.suite->name) + "_" + name_of(cell.handshake) + "_" + name_of(cell.network) + "_" +
         name_of(cell.ending);
}

void PrintTo(const cid_cell& cell, std::ostream* out) { *out << name_of(cell); }

std::vector<cid_cell> whole_matrix() {
  std::vector<cid_cell> all;
  for (const auto& suite : cid_suites())
    for (const auto handshake : handshakes)
      for (const auto& network : networks(handshake))
        for (const auto ending : endings) all.push_back({&suite, handshake, network, ending});
  return all;
}

std::vector<cid_cell> part_of_matrix() {
  std::vector<cid_cell> part;
  std::size_t n = 0;
  for (const auto& suite : cid_suites())
    for (int twice = 0; twice < 2; ++twice, ++n) {
      const auto handshake = handshakes[n % 3];
      const auto possible = networks(handshake);
      // Steps without a common divisor: the dimensions do not march together.
      part.push_back({&suite, handshake, possible[n * 3 % possible.size()], endings[(n + n / 4) % 4]});
    }
  // Who continues after a last flight was lost must be able to repeat it, or to ask for it.
  const auto& suite = cid_suite_called("psk_aes128_ccm8");
  for (const auto ending : endings) {
    part.push_back({&suite, cid_handshake::full, {false, 6}, ending});
    part.push_back({&suite, cid_handshake::by_session_id, {false, 5}, ending});
    part.push_back({&suite, cid_handshake::by_ticket, {false, 5}, ending});
  }
  std::vector<cid_cell> unique;
  for (const auto& cell : part)
    if (std::none_of(unique.begin(), unique.end(),
                     [&](const auto& u) { return name_of(u) == name_of(cell); }))
      unique.push_back(cell);
  return unique;
}

std::vector<cid_cell> matrix_to_run() {
  const char* whole = std::getenv("TLSMODEM_WHOLE_MATRIX");
  return whole != nullptr && std::string_view(whole) == "1" ? whole_matrix() : part_of_matrix();
}

}  // namespace tlsmodem::test

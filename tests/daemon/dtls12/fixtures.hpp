// What the tests of the record layer begin with: suites, keys without a handshake, both ends of an
// association.
#pragma once

#include "daemon/dtls12/association.hpp"

#include <functional>
#include <string>
#include <vector>

namespace tlsmodem::test {

// Everything that make_suite() takes.
inline std::vector<dtls12::protection_suite> all_suites() {
  std::vector<dtls12::protection_suite> suites;
  for (unsigned cipher = 1; cipher <= 13; ++cipher)
    for (unsigned mac = 0; mac <= 3; ++mac)
      for (const bool encrypts_then_macs : {false, true})
        if (const auto made = dtls12::make_suite(cipher, mac, encrypts_then_macs)) suites.push_back(*made);
  return suites;
}

inline std::string name_of(const dtls12::protection_suite& suite) {
  std::string name = dtls12::shape_of(suite.cipher).name;
  name += "_" + std::to_string(dtls12::shape_of(suite.cipher).tag_bytes);
  if (suite.mac != dtls12::mac_digest::none) name += std::string("_") + dtls12::name_of(suite.mac);
  if (suite.encrypts_then_macs) name += "_EtM";
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
}

inline constexpr dtls12::protection_suite gcm{dtls12::bulk_cipher::aes_128_gcm, dtls12::mac_digest::none,
                                              false};

inline bytes count_up(std::size_t size, unsigned first = 0) {
  bytes made(size);
  for (std::size_t i = 0; i < size; ++i) made[i] = static_cast<std::uint8_t>(first + i);
  return made;
}

inline dtls12::direction_keys make_direction(const dtls12::protection_suite& suite, unsigned seed) {
  const auto& shape = dtls12::shape_of(suite.cipher);
  return {secret(count_up(dtls12::size_of(suite.mac), seed)), secret(count_up(shape.key_bytes, seed + 64)),
          secret(count_up(shape.fixed_iv_bytes, seed + 128))};
}

inline dtls12::connection_keys make_keys(const dtls12::protection_suite& suite) {
  return {make_direction(suite, 1), make_direction(suite, 101)};
}

struct agreed {
  dtls12::protection_suite suite = gcm;
  bytes client_cid;  // in what the server sends
  bytes server_cid;
  std::size_t padding_block = 0;
};

inline dtls12::association_parameters client_side(const agreed& what) {
  return {what.suite, make_keys(what.suite), what.client_cid, what.server_cid, what.padding_block};
}

// An association is a client's; a server is one with everything swapped.
inline dtls12::association_parameters server_side(const agreed& what, dtls12::connection_keys keys) {
  std::swap(keys.client, keys.server);
  return {what.suite, std::move(keys), what.server_cid, what.client_cid, what.padding_block};
}
inline dtls12::association_parameters server_side(const agreed& what) {
  return server_side(what, make_keys(what.suite));
}

struct both_ends {
  explicit both_ends(const agreed& what) : both_ends(what, make_keys(what.suite)) {}
  both_ends(const agreed& what, dtls12::connection_keys keys)
      : client({what.suite, keys.clone(), what.client_cid, what.server_cid, what.padding_block}, {}),
        server(server_side(what, std::move(keys)), {}) {}
  dtls12::association client;
  dtls12::association server;
};

// A record, or nothing.
inline bytes seal(dtls12::association& from, bytes_view content,
                  std::uint8_t type = dtls12::application_data) {
  bytes out;
  if (from.seal(type, content, out) != dtls12::seal_outcome::sealed) out.clear();
  return out;
}

// The only record of `datagram`; a view of type 0 when it is not one.
inline dtls12::record_view only_record(const dtls12::association& receiver, bytes_view datagram) {
  dtls12::record_view record;
  if (!receiver.next_record(datagram, record) || !datagram.empty()) return {};
  return record;
}

inline dtls12::association::opened open(dtls12::association& receiver, bytes_view datagram) {
  return receiver.open(only_record(receiver, datagram));
}

inline dtls12::verdict verdict_on(dtls12::association& receiver, bytes_view datagram) {
  return open(receiver, datagram).is;
}

// Does what it is told and remembers what it was asked.
class scripted_journal final : public dtls12::sequence_journal {
 public:
  bool may_write(std::uint64_t number) override {
    asked_to_write.push_back(number);
    return number < write_limit;
  }
  bool may_accept(std::uint64_t number) override {
    asked_to_accept.push_back(number);
    return number < accept_limit;
  }
  void note(const dtls12::sequence_counters& now) override {
    noted.push_back(now);
    if (on_note) on_note();
  }

  std::uint64_t write_limit = ~std::uint64_t{0};
  std::uint64_t accept_limit = ~std::uint64_t{0};
  std::vector<std::uint64_t> asked_to_write;
  std::vector<std::uint64_t> asked_to_accept;
  std::vector<dtls12::sequence_counters> noted;
  std::function<void()> on_note;
};

}  // namespace tlsmodem::test

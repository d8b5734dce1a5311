// How an association is kept: the part of it that does not change with every record.
#include "association_engine.hpp"
#include "daemon/support/byte_codec.hpp"

#include <algorithm>
#include <optional>
#include <span>

namespace tlsmodem::tls {
namespace {

constexpr std::uint8_t format_version = 1;
// Written and read. The last flight of an abbreviated handshake has one datagram, or two on a narrow path.
constexpr std::size_t max_flight_datagrams = 4;

using dtls12::direction_keys;

// A flight that has more was repeated, and its newest datagrams hold all of it.
std::span<const bytes> newest_of(const std::vector<bytes>& flight) {
  return std::span(flight).last(std::min(flight.size(), max_flight_datagrams));
}

std::size_t encoded_size(const dtls12::association_parameters& p, const engine_info& info,
                         std::span<const bytes> flight) {
  std::size_t size = 64 + p.own_cid.size() + p.peer_cid.size();
  for (const auto* side : {&p.keys.client, &p.keys.server})
    size += 3 + side->mac.size() + side->key.size() + side->iv.size();
  for (const auto* text :
       {&info.version, &info.suite, &info.verify_result, &info.peer_subject, &info.peer_sha256, &info.alpn})
    size += 2 + text->size();
  for (const auto& datagram : flight) size += 2 + datagram.size();
  return size;
}

std::optional<direction_keys> read_keys(byte_reader& in, const dtls12::protection_suite& suite) {
  direction_keys keys{secret(in.counted(1)), secret(in.counted(1)), secret(in.counted(1))};
  const auto& shape = dtls12::shape_of(suite.cipher);
  const bool fits = keys.mac.size() == dtls12::size_of(suite.mac) && keys.key.size() == shape.key_bytes &&
                    keys.iv.size() == shape.fixed_iv_bytes;
  if (!fits) return std::nullopt;
  return keys;
}

std::optional<dtls12::association_parameters> read_parameters(byte_reader& in) {
  const auto cipher = in.number(1);
  const auto mac = in.number(1);
  const auto order = in.number(1);
  const auto suite = dtls12::make_suite(cipher, mac, order == 1);
  if (!suite || order > 1) return std::nullopt;
  auto client = read_keys(in, *suite);
  auto server = client ? read_keys(in, *suite) : std::nullopt;
  if (!server) return std::nullopt;
  dtls12::association_parameters made{*suite, {std::move(*client), std::move(*server)}, {}, {}, 0};
  for (auto* cid : {&made.own_cid, &made.peer_cid}) {
    const auto value = in.counted(1);
    cid->assign(value.begin(), value.end());
  }
  made.padding_block = static_cast<std::size_t>(in.number(2));
  if (made.padding_block > dtls12::max_padding_block) return std::nullopt;
  return made;
}

}  // namespace

secret association_engine::encode() const {
  const auto& p = association_->parameters();
  const auto flight = newest_of(unconfirmed_.datagrams());
  byte_writer out(encoded_size(p, info_, flight));
  out.number(format_version, 1);
  out.number(static_cast<std::uint64_t>(p.suite.cipher), 1);
  out.number(static_cast<std::uint64_t>(p.suite.mac), 1);
  out.number(p.suite.encrypts_then_macs ? 1 : 0, 1);
  for (const auto* side : {&p.keys.client, &p.keys.server})
    for (const auto* part : {&side->mac, &side->key, &side->iv}) out.counted(part->view(), 1);
  for (const auto* cid : {&p.own_cid, &p.peer_cid}) out.counted(*cid, 1);
  out.number(p.padding_block, 2);
  out.number(info_.has_cid ? 1 : 0, 1);
  out.number(info_.suite_id, 2);
  for (const auto* text : {&info_.version, &info_.suite, &info_.verify_result, &info_.peer_subject,
                           &info_.peer_sha256, &info_.alpn})
    out.counted(as_bytes(*text), 2);
  out.number(flight.size(), 1);
  for (const auto& datagram : flight) out.counted(datagram, 2);
  return secret(out.take());
}

std::unique_ptr<engine> continue_association(bytes_view encoded, const dtls12::sequence_counters& counters) {
  byte_reader in(encoded);
  if (in.number(1) != format_version) return nullptr;
  auto parameters = read_parameters(in);
  if (!parameters) return nullptr;
  engine_info info;
  const auto has_cid = in.number(1);
  info.has_cid = has_cid == 1;
  info.suite_id = static_cast<std::uint16_t>(in.number(2));
  for (auto* text :
       {&info.version, &info.suite, &info.verify_result, &info.peer_subject, &info.peer_sha256, &info.alpn})
    *text = in.text(2);
  std::vector<bytes> flight;
  const auto datagrams = in.number(1);
  for (std::uint64_t i = 0; i < datagrams && in.is_good(); ++i) {
    const auto datagram = in.counted(2);
    flight.emplace_back(datagram.begin(), datagram.end());
  }
  if (!in.is_at_end() || has_cid > 1 || datagrams > max_flight_datagrams) return nullptr;
  info.is_continued = true;
  info.handshake_done = true;
  last_flight unconfirmed;
  unconfirmed.keep(std::move(flight));
  return std::make_unique<association_engine>(
      std::make_unique<dtls12::association>(std::move(*parameters), counters), std::move(info),
      std::move(unconfirmed));
}

}  // namespace tlsmodem::tls

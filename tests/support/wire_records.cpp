#include "wire_records.hpp"

#include "handshake_trace.hpp"
#include "peers.hpp"

#include <algorithm>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace tlsmodem::test {
namespace {

constexpr std::size_t plain_header_bytes = 13;
constexpr std::uint8_t cut_off = 0;  // the type of what is no record

std::uint64_t number(bytes_view data) {
  std::uint64_t value = 0;
  for (const auto byte : data) value = value << 8 | byte;
  return value;
}

// The record at the front of `rest`; all of `rest` when there is no whole one.
wire_record front_record(bytes_view rest, std::size_t cid_bytes) {
  wire_record record;
  const std::size_t cid = !rest.empty() && rest[0] == record_type::with_cid ? cid_bytes : 0;
  const auto header = plain_header_bytes + cid;
  std::size_t size = rest.size();
  if (rest.size() >= header) {
    const auto whole = header + number(rest.subspan(header - 2, 2));
    if (whole <= rest.size()) {
      size = whole;
      record.type = rest[0];
      record.epoch = static_cast<std::uint16_t>(number(rest.subspan(3, 2)));
      record.sequence = number(rest.subspan(5, 6));
      record.cid.assign(rest.begin() + 11, rest.begin() + 11 + static_cast<std::ptrdiff_t>(cid));
    }
  }
  record.data.assign(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size));
  return record;
}

// Suites whose records show 8 bytes of their nonce, as far as the tests meet them.
bool has_explicit_nonce(std::uint16_t suite) {
  const bool is_gcm = (suite >= 0x009C && suite <= 0x00A9) || (suite >= 0xC02B && suite <= 0xC032);
  const bool is_ccm = suite >= 0xC09C && suite <= 0xC0AF;
  return is_gcm || is_ccm;
}

std::string name_of(const wire_record& record) {
  return std::string(record.is_from_client ? "client" : "server") + " record " +
         std::to_string(record.epoch) + "/" + std::to_string(record.sequence) + " of type " +
         std::to_string(record.type) + ", " + std::to_string(record.data.size()) + " bytes, CID \"" +
         hex_of(as_text(record.cid)) + "\", in datagram " + std::to_string(record.datagram) +
         " of association " + std::to_string(record.association) + ", client port " +
         std::to_string(record.client_port);
}

}  // namespace

std::size_t wire_log::association_of(bool is_from_client, std::uint16_t client_port,
                                     bytes_view record) const {
  const auto known = of_port_.find(client_port);
  if (known != of_port_.end()) return known->second;
  const auto fits = [&](const wire_association& one) {
    const auto& cid = is_from_client ? one.cid_to_server : one.cid_to_client;
    return !cid.empty() && record[0] == record_type::with_cid && record.size() >= 11 + cid.size() &&
           std::ranges::equal(record.subspan(11, cid.size()), cid);
  };
  const auto newest = std::find_if(associations_.rbegin(), associations_.rend(), fits);
  if (newest != associations_.rend()) return static_cast<std::size_t>(associations_.rend() - newest) - 1;
  return associations_.empty() ? 0 : associations_.size() - 1;
}

std::vector<wire_record> wire_log::note(bool is_from_client, std::uint16_t client_port, bytes_view datagram) {
  const auto first = records_.size();
  for (auto rest = datagram; !rest.empty();) {
    const auto association = association_of(is_from_client, client_port, rest);
    std::size_t cid_bytes = 0;
    if (association < associations_.size())
      cid_bytes = (is_from_client ? associations_[association].cid_to_server
                                  : associations_[association].cid_to_client)
                      .size();
    auto record = front_record(rest, cid_bytes);
    rest = rest.subspan(record.data.size());
    record.is_from_client = is_from_client;
    record.client_port = client_port;
    record.datagram = datagrams_;
    record.association = association;
    if (record.type == record_type::handshake && !record.is_protected()) {
      note_handshake(record);
      // It may have begun here.
      record.association = association_of(is_from_client, client_port, record.data);
    }
    records_.push_back(std::move(record));
  }
  ++datagrams_;
  return {records_.begin() + static_cast<std::ptrdiff_t>(first), records_.end()};
}

void wire_log::note_handshake(const wire_record& record) {
  if (record.data.size() <= plain_header_bytes) return;
  if (!record.is_from_client && record.data[plain_header_bytes] == message::server_hello)
    note_server_hello(record);
  if (!record.is_from_client || !is_dtls_hello(record.data)) return;
  const auto hello = parse_dtls_hello(record.data);
  const auto cid = hello.extensions.find(extension::connection_id);
  is_cid_offered_ = cid != hello.extensions.end();
  offered_cid_.clear();
  if (is_cid_offered_) offered_cid_.assign(cid->second.begin() + 1, cid->second.end());
}

void wire_log::note_server_hello(const wire_record& record) {
  const auto hello = parse_dtls_server_hello(record.data);
  for (std::size_t i = 0; i < associations_.size(); ++i)
    if (associations_[i].server_random == hello.random) {  // sent once more
      of_port_[record.client_port] = i;
      return;
    }
  wire_association made;
  made.server_random = hello.random;
  made.suite = hello.suite;
  const auto cid = hello.extensions.find(extension::connection_id);
  made.has_cid = is_cid_offered_ && cid != hello.extensions.end();
  if (made.has_cid) {
    made.cid_to_server.assign(cid->second.begin() + 1, cid->second.end());
    made.cid_to_client = offered_cid_;
  }
  associations_.push_back(std::move(made));
  of_port_[record.client_port] = associations_.size() - 1;
}

std::vector<std::string> breaches(const wire_log& log) {
  using place = std::tuple<std::size_t, std::uint16_t, std::uint64_t>;
  std::vector<std::string> found;
  std::map<place, const wire_record*> numbers;
  std::map<place, const wire_record*> nonces;
  const auto note = [&](auto& used, const wire_record& record, std::uint64_t value, const char* what) {
    const auto [at, is_new] = used.emplace(place{record.association, record.epoch, value}, &record);
    if (!is_new && at->second->data != record.data)
      found.push_back(std::string(what) + " used twice: " + name_of(*at->second) + ", " + name_of(record));
  };
  for (const auto& record : log.records()) {
    if (!record.is_from_client) continue;
    if (record.type == cut_off) {
      found.push_back("no whole record: " + name_of(record));
      continue;
    }
    if (!record.is_protected()) continue;
    if (record.association >= log.associations().size()) {
      found.push_back("protected without a handshake: " + name_of(record));
      continue;
    }
    const auto& agreed = log.associations()[record.association];
    note(numbers, record, record.sequence, "a number");
    if (has_explicit_nonce(agreed.suite) && record.data.size() >= record.header_bytes() + 8)
      note(nonces, record, number(bytes_view(record.data).subspan(record.header_bytes(), 8)), "a nonce");
    if (!carries_cid(record, agreed.cid_to_server))
      found.push_back("not the CID asked for: " + name_of(record));
  }
  return found;
}

bool carries_cid(const wire_record& record, const bytes& cid) {
  return record.cid == cid && (record.type == record_type::with_cid) == !cid.empty();
}

std::string description(const wire_log& log, std::size_t most) {
  std::string text;
  const auto& all = log.records();
  for (auto i = all.size() > most ? all.size() - most : 0; i < all.size(); ++i) {
    text += name_of(all[i]);
    // Which message, where it passes in clear.
    if (all[i].type == record_type::handshake && !all[i].is_protected() && all[i].data.size() > 13)
      text += ", message " + std::to_string(all[i].data[13]);
    text += '\n';
  }
  return text;
}

std::size_t handshake_messages(const wire_log& log, std::size_t from_datagram) {
  return static_cast<std::size_t>(
      std::count_if(log.records().begin(), log.records().end(), [&](const auto& record) {
        return record.datagram >= from_datagram && record.type == record_type::handshake;
      }));
}

std::size_t handshake_records(const wire_log& log, std::size_t from_datagram) {
  return static_cast<std::size_t>(
      std::count_if(log.records().begin(), log.records().end(), [&](const auto& record) {
        return record.datagram >= from_datagram &&
               (record.type == record_type::handshake || record.type == record_type::change_cipher_spec);
      }));
}

}  // namespace tlsmodem::test

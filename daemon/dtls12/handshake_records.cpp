#include "handshake_records.hpp"

#include "handshake_filter.hpp"

#include <algorithm>
#include <utility>

namespace tlsmodem::dtls12 {
namespace {

// What comes before it can be opened: a reordered flight, a server in a hurry. More is lost, as datagrams
// are.
constexpr std::size_t max_waiting = 16;
// Alerts find room after as much data: what they say is not said again.
constexpr std::size_t max_early_alerts = 4;

bool is_complete(const flight_item& item) {
  if (item.type != handshake) return true;
  fragment_view whole;
  bytes_view rest = item.content;
  return next_fragment(rest, whole) && rest.empty() && whole.is_whole();
}

bool is_client_hello(const flight_item& item) {
  return item.type == handshake && !item.is_protected && item.content[0] == client_hello;
}

}  // namespace

handshake_records::handshake_records(configuration config, key_source keys)
    : config_(std::move(config)), keys_(std::move(keys)) {}

bool handshake_records::ask_for_keys() {
  if (association_) return true;
  auto found = keys_();
  if (!found) return false;
  from_libssl_ = std::make_unique<record_protection>(found->suite, found->keys.client.clone());
  to_libssl_ = std::make_unique<record_protection>(found->suite, found->keys.server.clone(), found->version);
  association_parameters parameters{found->suite, std::move(found->keys), {},
                                    {},           config_.padding_block,  found->version};
  if (found->peer_cid) {
    parameters.own_cid = config_.own_cid;
    parameters.peer_cid = std::move(*found->peer_cid);
  }
  association_ = std::make_unique<association>(std::move(parameters), sequence_counters{});
  return true;
}

// ---- to the network

bool handshake_records::open_output(bytes_view packet, taken& output) {
  record_view record;
  bytes content;
  while (next_record(packet, 0, record)) {
    const bool is_protected = record.epoch != 0;
    std::uint8_t type = record.type;
    if (!is_protected) {
      content.assign(record.payload.begin(), record.payload.end());
    } else if (!ask_for_keys() || !from_libssl_->unprotect(record, type, content)) {
      return false;
    }
    const auto version = record.version == dtls1_0 ? config_.min_version : dtls1_2;  // there are no others
    if (type == alert) {
      output.alerts.push_back({type, is_protected, version, content});
    } else if (!output.messages.add(type, is_protected, version, content)) {
      return false;
    }
  }
  return packet.empty();
}

bool handshake_records::take(packet_queue& from_libssl, packet_queue& to) {
  if (from_libssl.empty()) return true;
  taken output;
  bool is_sound = true;
  for (; !from_libssl.empty(); from_libssl.pop())
    is_sound = is_sound && open_output(from_libssl.front(), output);
  auto& messages = output.messages;
  if (!is_sound || !std::ranges::all_of(messages.items(), is_complete)) return false;
  // When the wall clock is set forward by hours, libssl repeats its flight after all.
  if (written_.count > 0 && messages.items().size() >= written_.count &&
      messages.items().front() == written_.first)
    messages.remove_first(written_.count);
  if (!messages.empty()) written_ = {messages.items().front(), messages.items().size()};
  if (owed_hellos_ > 0 && !messages.empty()) {
    const auto count = std::exchange(owed_hellos_, 0);
    const auto& items = messages.items();
    if (items.size() < count || items[count - 1].content != flight_.items().front().content) return false;
    messages.remove_first(count);
  }
  if (!messages.empty()) {
    const auto& first = messages.items().front();
    if (is_client_hello(first)) cookies_.begin(first.content);
    if (!begin_flight(std::move(messages), to)) return false;
  }
  return std::ranges::all_of(output.alerts, [&](const auto& alert) { return send_alert(alert, to); });
}

bool handshake_records::begin_flight(flight fresh, packet_queue& to) {
  flight_ = std::move(fresh);
  ++flights_;
  flight_begins_ = next_number_;
  return repeat(to);
}

bool handshake_records::make_record(const flight_item& what, bytes_view content, bytes& out) {
  if (what.is_protected) return association_->seal(what.type, content, out) == seal_outcome::sealed;
  const auto length_at = append_header(out, what.type, what.version, 0, next_number_++, {});
  out.insert(out.end(), content.begin(), content.end());
  set_length(out, length_at);
  return true;
}

bool handshake_records::repeat(packet_queue& to) {
  datagrams_.clear();
  const auto make = [this](const flight_item& what, bytes_view content, bytes& out) {
    return make_record(what, content, out);
  };
  if (!pack(flight_, config_.datagram_limit, make, datagrams_)) return false;
  for (const bytes& datagram : datagrams_) to.push(datagram);
  return true;
}

bool handshake_records::send_alert(const flight_item& alert, packet_queue& to) {
  bytes record;
  if (!make_record(alert, alert.content, record)) return false;
  to.push(record);
  return true;
}

bool handshake_records::lower_limit(std::size_t datagram_limit) {
  if (datagram_limit >= config_.datagram_limit) return false;
  config_.datagram_limit = datagram_limit;
  return true;
}

// ---- from the network

handshake_records::received handshake_records::receive(bytes_view datagram, bytes& for_libssl,
                                                       packet_queue& to) {
  received seen;
  record_view record;
  while (next_record(datagram, config_.own_cid.size(), record)) {
    if (record.epoch == 0 && record.type != tls12_cid) {
      receive_unprotected(record, for_libssl, to, seen);
    } else if (record.epoch == 1 && waiting_.size() < max_waiting) {
      waiting_.emplace_back(record.whole.begin(), record.whole.end());
    }
  }
  return seen;
}

void handshake_records::receive_unprotected(const record_view& record, bytes& for_libssl, packet_queue& to,
                                            received& seen) {
  switch (classify_unprotected(record)) {
    case unprotected_kind::server_hello:
      show_request(record, for_libssl);
      [[fallthrough]];
    case unprotected_kind::wanted:
      for_libssl.insert(for_libssl.end(), record.whole.begin(), record.whole.end());
      break;
    case unprotected_kind::hello_verify_request:
      seen.is_verify_request = true;
      answer_request(record, to);
      break;
    case unprotected_kind::warning:
      seen.warning.emplace(record.payload.begin(), record.payload.end());
      break;
    case unprotected_kind::long_chain: {
      fragment_view fragment;
      bytes_view rest = record.payload;
      while (next_fragment(rest, fragment))
        seen.long_chain = std::max(seen.long_chain, fragment.message_bytes);
      break;
    }
    case unprotected_kind::client_hello:
      ++seen.client_hellos;
      break;
    case unprotected_kind::other:
      break;
  }
}

// The first message of a server is its ServerHello when it has not asked for a cookie: then what asked was
// not it, or was a repeat from before.
void handshake_records::show_request(const record_view& server_hello, bytes& for_libssl) {
  fragment_view fragment;
  bytes_view rest = server_hello.payload;
  const bytes request = cookies_.take_request();
  if (request.empty() || !next_fragment(rest, fragment) || fragment.message_seq == 0) return;
  fragment_view hello;
  bytes_view last_sent = flight_.items().front().content;
  owed_hellos_ = next_fragment(last_sent, hello) ? hello.message_seq : 0;
  for_libssl.insert(for_libssl.end(), request.begin(), request.end());
}

// A server without state gives the record of its request the number of the ClientHello's (RFC 6347 4.2.1).
void handshake_records::answer_request(const record_view& record, packet_queue& to) {
  fragment_view request;
  bytes_view rest = record.payload;
  if (!next_fragment(rest, request) || flight_.empty()) return;
  const bool is_for_latest = record.sequence >= flight_begins_ && record.sequence < next_number_;
  auto hello = cookies_.answer(request, record.whole, is_for_latest);
  if (!hello) return;
  flight answer;
  answer.add(handshake, false, flight_.items().front().version, *hello);
  begin_flight(std::move(answer), to);
}

bool handshake_records::next_for_libssl(bool keys_are_right, bytes& record) {
  if (waiting_.empty() || !(association_ || (keys_are_right && ask_for_keys()))) return false;
  while (!waiting_.empty()) {
    const bytes raw = std::move(waiting_.front());
    waiting_.pop_front();
    if (reprotect_for_libssl(raw, record)) return true;
  }
  return false;
}

bool handshake_records::reprotect_for_libssl(bytes_view raw, bytes& record) {
  record_view seen;
  if (!association_->next_record(raw, seen)) return false;
  const auto opened = association_->open(seen);
  if (opened.is != verdict::accepted) return false;
  if (opened.type == application_data || opened.type == alert) {
    if (early_.size() < max_waiting + (opened.type == alert ? max_early_alerts : 0))
      early_.push_back({opened.type, bytes(opened.content.begin(), opened.content.end())});
    return false;
  }
  if (opened.type != handshake) return false;
  record.clear();
  return to_libssl_->protect(opened.type, seen.epoch, seen.sequence, {}, opened.content, 0, record);
}

}  // namespace tlsmodem::dtls12

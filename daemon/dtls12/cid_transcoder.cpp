#include "cid_transcoder.hpp"

#include <utility>

namespace tlsmodem::dtls12 {
namespace {

// What comes before it can be opened: a reordered flight, a server in a hurry. More is lost, as datagrams
// are.
constexpr std::size_t max_waiting = 16;
// Alerts find room behind as much data: what they say is not said again.
constexpr std::size_t max_early_alerts = 4;

}  // namespace

cid_transcoder::cid_transcoder(configuration config, key_source keys)
    : config_(std::move(config)), keys_(std::move(keys)) {}

bool cid_transcoder::ask_for_keys() {
  if (association_) return true;
  auto found = keys_();
  if (!found) return false;
  from_libssl_ = std::make_unique<record_protection>(found->suite, found->keys.client.clone());
  to_libssl_ = std::make_unique<record_protection>(found->suite, found->keys.server.clone());
  association_parameters parameters{found->suite, std::move(found->keys), {}, {}, config_.padding_block};
  if (found->peer_cid) {
    parameters.own_cid = config_.own_cid;
    parameters.peer_cid = std::move(*found->peer_cid);
  }
  association_ = std::make_unique<association>(std::move(parameters), sequence_counters{});
  return true;
}

bool cid_transcoder::protect_anew(const record_view& record, bytes& out) {
  std::uint8_t type = 0;
  bytes content;
  if (!ask_for_keys() || !from_libssl_->unprotect(record, type, content)) return false;
  return association_->seal(type, content, out) == seal_outcome::sealed;
}

bool cid_transcoder::send(bytes_view from_libssl, packet_queue& to) {
  bytes datagram;
  bytes one;
  record_view record;
  while (next_record(from_libssl, 0, record)) {
    one.clear();
    if (record.epoch == 0) {
      one.assign(record.whole.begin(), record.whole.end());
    } else if (!protect_anew(record, one)) {
      return false;
    }
    // A CID makes records longer than libssl reckoned with.
    if (!datagram.empty() && datagram.size() + one.size() > config_.datagram_limit) {
      to.push(datagram);
      datagram.clear();
    }
    datagram.insert(datagram.end(), one.begin(), one.end());
  }
  if (!datagram.empty()) to.push(datagram);
  return true;
}

void cid_transcoder::receive(bytes_view datagram, bytes& unprotected) {
  record_view record;
  while (next_record(datagram, config_.own_cid.size(), record)) {
    if (record.epoch == 0 && record.type != tls12_cid) {
      unprotected.insert(unprotected.end(), record.whole.begin(), record.whole.end());
    } else if (record.epoch == 1 && waiting_.size() < max_waiting) {
      waiting_.emplace_back(record.whole.begin(), record.whole.end());
    }
  }
}

bool cid_transcoder::next_for_libssl(bool keys_are_right, bytes& record) {
  if (waiting_.empty() || !(association_ || (keys_are_right && ask_for_keys()))) return false;
  while (!waiting_.empty()) {
    const bytes raw = std::move(waiting_.front());
    waiting_.pop_front();
    if (reprotect_for_libssl(raw, record)) return true;
  }
  return false;
}

bool cid_transcoder::reprotect_for_libssl(bytes_view raw, bytes& record) {
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

#include "association.hpp"

#include <algorithm>

namespace tlsmodem::dtls12 {
namespace {

constexpr std::uint16_t epoch_of_client = 1;  // nothing renegotiates

}  // namespace

association::association(association_parameters parameters, const sequence_counters& counters,
                         std::optional<usage_limits> limits)
    : parameters_(std::move(parameters)),
      counters_(counters),
      limits_(limits.value_or(limits_of(parameters_.suite))),
      cost_in_(cost_of(parameters_.suite, parameters_.own_cid.size())),
      protects_(parameters_.suite, parameters_.keys.client.clone(), parameters_.version),
      unprotects_(parameters_.suite, parameters_.keys.server.clone(), parameters_.version) {}

record_cost association::cost() const {
  auto cost = cost_of(parameters_.suite, parameters_.peer_cid.size());
  if (!parameters_.peer_cid.empty() && parameters_.padding_block > 1)
    cost.inner_bytes += parameters_.padding_block - 1;
  return cost;
}

seal_outcome association::can_seal_data() {
  const auto number = counters_.write_next;
  if (number >= limits_.records) return seal_outcome::used_up;
  if (journal_ != nullptr && !journal_->may_write(number + control_reserve))
    return seal_outcome::not_reserved;
  return seal_outcome::sealed;
}

std::size_t association::padding_for(std::uint8_t type, std::size_t content_bytes) const {
  const auto block = parameters_.padding_block;
  const std::size_t inner = content_bytes + 1;  // with the real type
  // A Finished has nothing to hide, and finds less room where it shares a datagram.
  if (block <= 1 || type == handshake || inner >= max_plaintext_bytes) return 0;
  return std::min((block - inner % block) % block, max_plaintext_bytes - inner);
}

seal_outcome association::seal(std::uint8_t type, bytes_view content, bytes& out) {
  const auto number = counters_.write_next;
  if (type == application_data) {
    if (const auto outcome = can_seal_data(); outcome != seal_outcome::sealed) return outcome;
  } else if (number > max_sequence) {
    return seal_outcome::used_up;
  } else if (journal_ != nullptr && !journal_->may_write(number)) {
    return seal_outcome::not_reserved;
  }
  ++counters_.write_next;  // taken, even if what follows fails
  if (journal_ != nullptr) journal_->note(counters_);
  return protects_.protect(type, epoch_of_client, number, parameters_.peer_cid, content,
                           padding_for(type, content.size()), out)
             ? seal_outcome::sealed
             : seal_outcome::failed;
}

// What cannot have been protected is no guess at the key: without a tag it would cost nothing.
bool association::can_be_payload(std::size_t size) const {
  const std::size_t outer = cost_in_.fixed_bytes - header_bytes - parameters_.own_cid.size();
  return size >= outer + cost_in_.inner_bytes && (size - outer) % cost_in_.block_bytes == 0;
}

verdict association::examine(const record_view& record) {
  if (record.epoch != epoch_of_client) return verdict::wrong_epoch;
  // RFC 9146 4: once a CID was agreed, what comes without it is dropped.
  const bool has_cid = record.type == tls12_cid;
  if (record.version != parameters_.version || has_cid == parameters_.own_cid.empty())
    return verdict::wrong_form;
  if (!std::ranges::equal(record.cid, parameters_.own_cid)) return verdict::foreign_cid;
  if (!can_be_payload(record.payload.size())) return verdict::wrong_form;
  if (!counters_.received.is_fresh(record.sequence)) return verdict::replayed;
  return verdict::accepted;
}

association::opened association::open(const record_view& record) {
  opened result;
  result.is = examine(record);
  if (result.is == verdict::accepted && !unprotects_.unprotect(record, result.type, content_))
    result.is = verdict::not_authentic;
  if (result.is == verdict::accepted && content_.size() > max_plaintext_bytes)
    result.is = verdict::wrong_form;
  if (result.is == verdict::accepted && journal_ != nullptr && !journal_->may_accept(record.sequence))
    result.is = verdict::not_reserved;
  ++counts_[static_cast<std::size_t>(result.is)];
  if (result.is != verdict::accepted) return result;
  result.is_newest = counters_.received.is_newest(record.sequence);
  counters_.received.accept(record.sequence);
  if (journal_ != nullptr) journal_->note(counters_);
  result.content = content_;
  return result;
}

}  // namespace tlsmodem::dtls12

#include "receive_queue.hpp"

#include <algorithm>

namespace tlsmodem {

namespace {

// Small datagrams cost memory too: an endless row of empty ones must not grow without limit.
constexpr std::size_t max_waiting_datagrams = 4096;
// A stream that comes in crumbs is put together, so that its bytes cost no more than they are.
constexpr std::size_t joined_bytes = std::size_t{64} * 1024;

}  // namespace

void receive_queue::push(bytes_view data, bool was_truncated) {
  if (kind_ == kind::datagrams) {
    if (bytes_ + data.size() > receive_queue_bytes || entries_.size() == max_waiting_datagrams) {
      ++dropped_;
      return;
    }
  } else if (data.empty()) {
    return;
  }
  bytes_ += data.size();
  if (kind_ == kind::stream && !entries_.empty() &&
      entries_.back().data.size() + data.size() <= joined_bytes) {
    entries_.back().data.insert(entries_.back().data.end(), data.begin(), data.end());
    return;
  }
  entries_.push_back({bytes(data.begin(), data.end()), 0, was_truncated});
}

receive_queue::frame receive_queue::take(std::size_t max_bytes) {
  entry& front = entries_.front();
  const std::size_t available = front.data.size() - front.taken;
  const std::size_t size = std::min(available, max_bytes);
  if (kind_ == kind::stream && size < available) {
    const bytes_view part = bytes_view(front.data).subspan(front.taken, size);
    front.taken += size;
    bytes_ -= size;
    return {part, false};
  }
  const frame whole{{}, front.is_truncated || size < available};
  const std::size_t from = front.taken;
  last_ = std::move(front.data);
  entries_.pop_front();
  bytes_ -= available;
  return {bytes_view(last_).subspan(from, size), whole.is_truncated};
}

void receive_queue::clear() {
  entries_.clear();
  bytes_ = 0;
}

}  // namespace tlsmodem

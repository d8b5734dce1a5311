// A queue of packets in one contiguous buffer: no allocation per packet once it has grown to its working
// size. For datagrams every packet is one datagram (possibly empty); for streams the borders mean nothing.
// Bounded by its user, who can ask for bytes(). Memory beyond retained_bytes goes back when the queue runs
// dry.
#pragma once

#include "protocol/bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>

namespace tlsmodem {

class packet_queue {
 public:
  // What an idle queue may keep: a few full records, so that a busy one does not allocate.
  static constexpr std::size_t retained_bytes = std::size_t{64} * 1024;

  bool empty() const { return sizes_.empty(); }
  std::size_t packets() const { return sizes_.size(); }
  // Payload bytes of all packets.
  std::size_t bytes() const { return buffer_.size() - head_; }

  void push(bytes_view packet) {
    append(packet);
    sizes_.push_back(packet.size());
  }

  // For streams: joins the last packet as long as that stays within `chunk_bytes`.
  void extend(bytes_view data, std::size_t chunk_bytes) {
    if (sizes_.empty() || sizes_.back() + data.size() > chunk_bytes) return push(data);
    append(data);
    sizes_.back() += data.size();
  }

  // Precondition for these three: !empty(). The view holds until the next change of the queue.
  bytes_view front() const { return {buffer_.data() + head_, sizes_.front()}; }
  void pop() { consume(sizes_.front()); }
  // Removes the first `count` bytes of the first packet (a partial write of a stream), all of them: the
  // packet.
  void consume(std::size_t count) {
    const std::size_t taken = std::min(count, sizes_.front());
    head_ += taken;
    sizes_.front() -= taken;
    if (sizes_.front() == 0) sizes_.pop_front();
    if (sizes_.empty()) reset();
  }

  // The packet with this number, the front being 0. Precondition: number < packets().
  bytes_view at(std::size_t number) const {
    std::size_t start = head_;
    for (std::size_t i = 0; i < number; ++i) start += sizes_[i];
    return {buffer_.data() + start, sizes_[number]};
  }

  void clear() {
    sizes_.clear();
    reset();
  }

 private:
  void append(bytes_view data) {
    // Moving the live bytes down is only worth it when at least as many dead ones go away: amortised
    // constant.
    if (head_ > bytes()) {
      buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
    buffer_.insert(buffer_.end(), data.begin(), data.end());
  }

  void reset() {
    buffer_.clear();
    head_ = 0;
    if (buffer_.capacity() > retained_bytes) buffer_.shrink_to_fit();
  }

  tlsmodem::bytes buffer_;  // dead bytes up to head_, then the packets back to back
  std::size_t head_ = 0;
  std::deque<std::size_t> sizes_;
};

}  // namespace tlsmodem

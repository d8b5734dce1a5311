// What has arrived and was not yet taken by the client: datagrams with their boundaries, or a stream.
#pragma once

#include "protocol/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>

namespace tlsmodem {

// A stream stops being read above this, a datagram that does not fit is dropped.
inline constexpr std::size_t receive_queue_bytes = std::size_t{256} * 1024;

class receive_queue {
 public:
  enum class kind : std::uint8_t { datagrams, stream };

  explicit receive_queue(kind is) : kind_(is) {}

  struct frame {
    bytes_view data;  // valid until the next call of a member that is not const
    bool is_truncated = false;
  };

  // A datagram that would overflow the queue is dropped and counted; a stream is never dropped, its reader is
  // asked to stop by is_full(). `was_truncated`: the datagram came in cut already.
  void push(bytes_view data, bool was_truncated = false);
  // Takes at most `max_bytes`: of a datagram the rest is lost, of a stream it stays. Precondition: !empty().
  frame take(std::size_t max_bytes);

  bool empty() const { return entries_.empty(); }
  bool is_full() const { return bytes_ >= receive_queue_bytes; }
  std::size_t unread_bytes() const { return bytes_; }
  std::uint64_t dropped_datagrams() const { return dropped_; }
  void clear();

 private:
  struct entry {
    bytes data;
    std::size_t taken = 0;
    bool is_truncated = false;
  };

  kind kind_;
  std::deque<entry> entries_;
  bytes last_;  // what the last frame shows
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace tlsmodem

// One flight of ours (RFC 6347 4.2.4) apart from the records it travels in: whole messages, which are cut
// into records and packed into datagrams each time that the flight is sent.
#pragma once

#include "handshake_message.hpp"
#include "record.hpp"

#include <functional>
#include <vector>

namespace tlsmodem::dtls12 {

struct flight_item {
  std::uint8_t type = 0;  // handshake or change_cipher_spec
  bool is_protected = false;
  std::uint16_t version = dtls1_2;  // of the record, where it is not protected
  bytes content;                    // a handshake message: header and body of all of it

  bool operator==(const flight_item&) const = default;
};

class flight {
 public:
  bool empty() const { return items_.empty(); }
  const std::vector<flight_item>& items() const { return items_; }

  // The content of one record, in the order in which libssl writes them; fragments are joined. False when it
  // does not belong to a flight: not whole fragments, or not the next one of their message.
  bool add(std::uint8_t type, bool is_protected, std::uint16_t version, bytes_view content);
  // Precondition: count <= items().size().
  void remove_first(std::size_t count) {
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(count));
  }

 private:
  bool add_fragment(const flight_item& record, const fragment_view& fragment);

  std::vector<flight_item> items_;
};

// Makes one record of an item, or of a fragment of one, and appends it. False: it cannot be made.
using record_maker = std::function<bool(const flight_item& what, bytes_view content, bytes& out)>;

// The flight as datagrams of at most `limit` bytes, as few as there can be without cutting a message that
// fits into one. Only unprotected messages are cut. `datagrams` are appended to; false when a record could
// not be made.
bool pack(const flight& what, std::size_t limit, const record_maker& make, std::vector<bytes>& datagrams);

}  // namespace tlsmodem::dtls12

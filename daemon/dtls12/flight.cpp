#include "flight.hpp"

#include <algorithm>
#include <utility>

namespace tlsmodem::dtls12 {
namespace {

// A fragment shorter than this is not worth its 25 bytes of headers.
constexpr std::size_t min_fragment_bytes = 64;
constexpr std::size_t fragment_overhead_bytes = header_bytes + handshake_header_bytes;

fragment_view parse_message(bytes_view content) {
  fragment_view whole;
  next_fragment(content, whole);
  return whole;
}

class packer {
 public:
  packer(std::size_t limit, const record_maker& make, std::vector<bytes>& datagrams)
      : limit_(limit), make_(make), datagrams_(datagrams) {}

  bool add(const flight_item& item) {
    const bool may_be_cut = item.type == handshake && !item.is_protected;
    if (may_be_cut && header_bytes + item.content.size() > limit_) return add_in_fragments(item);
    return add_record(item, item.content);
  }
  void finish() {
    if (!current_.empty()) datagrams_.push_back(std::exchange(current_, {}));
  }

 private:
  // How long a protected record gets is known when it is there.
  bool add_record(const flight_item& item, bytes_view content) {
    const std::size_t before = current_.size();
    if (before == 0) current_.reserve(limit_);
    if (!make_(item, content, current_)) return false;
    if (before == 0 || current_.size() <= limit_) return true;
    bytes record(current_.begin() + static_cast<std::ptrdiff_t>(before), current_.end());
    current_.resize(before);
    finish();
    current_ = std::move(record);
    return true;
  }

  bool add_in_fragments(const flight_item& item) {
    const fragment_view whole = parse_message(item.content);
    fragment_view piece = whole;
    while (piece.offset < whole.message_bytes) {
      if (current_.size() + fragment_overhead_bytes + min_fragment_bytes > limit_) finish();
      const std::size_t used = current_.size() + fragment_overhead_bytes;
      const std::size_t room = limit_ > used ? limit_ - used : min_fragment_bytes;
      piece.body = whole.body.subspan(piece.offset, std::min(room, whole.message_bytes - piece.offset));
      bytes content;
      append_fragment(content, piece);
      if (!add_record(item, content)) return false;
      piece.offset += piece.body.size();
    }
    return true;
  }

  std::size_t limit_;
  const record_maker& make_;
  std::vector<bytes>& datagrams_;
  bytes current_;
};

}  // namespace

bool flight::add(std::uint8_t type, bool is_protected, std::uint16_t version, bytes_view content) {
  const flight_item record{type, is_protected, version, {}};
  if (type != handshake) {
    items_.push_back(record);
    items_.back().content.assign(content.begin(), content.end());
    return true;
  }
  fragment_view fragment;
  do {
    if (!next_fragment(content, fragment) || !add_fragment(record, fragment)) return false;
  } while (!content.empty());
  return true;
}

bool flight::add_fragment(const flight_item& record, const fragment_view& fragment) {
  if (fragment.offset == 0) {
    items_.push_back(record);
    fragment_view whole = fragment;
    append_fragment(items_.back().content, whole);
    // The header of a whole message says so in its last three bytes, which are those of the message's length.
    auto& header = items_.back().content;
    std::copy_n(header.begin() + 1, 3, header.begin() + 9);
    return true;
  }
  if (items_.empty() || items_.back().type != handshake) return false;
  bytes& message = items_.back().content;
  const bool goes_on =
      message[0] == fragment.type && message.size() == handshake_header_bytes + fragment.offset;
  if (goes_on) message.insert(message.end(), fragment.body.begin(), fragment.body.end());
  return goes_on;
}

bool pack(const flight& what, std::size_t limit, const record_maker& make, std::vector<bytes>& datagrams) {
  packer to(limit, make, datagrams);
  for (const flight_item& item : what.items())
    if (!to.add(item)) return false;
  to.finish();
  return true;
}

}  // namespace tlsmodem::dtls12

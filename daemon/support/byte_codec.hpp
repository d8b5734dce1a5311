// Big-endian numbers and strings with their lengths, as stored forms are made of. Secrets pass through: the
// writer never grows its buffer, and the reader copies nothing.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/wiped.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace tlsmodem {

// The whole size is known before a byte is written: a buffer that grows leaves copies behind.
class byte_writer {
 public:
  explicit byte_writer(std::size_t size) { out_.reserve(size); }

  void number(std::uint64_t value, std::size_t width) {
    for (std::size_t i = width; i-- > 0;) out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  void raw(bytes_view data) { out_.insert(out_.end(), data.begin(), data.end()); }
  // `width` is that of the length in front. What has a length that does not fit makes the whole nothing: cut
  // off, it would be read as something else.
  void counted(bytes_view data, std::size_t width) {
    if (width < sizeof(std::uint64_t) && data.size() >> (8 * width) != 0) return refuse();
    number(data.size(), width);
    raw(data);
  }
  // The whole is nothing.
  void refuse() { fits_ = false; }
  // Empty when something did not fit.
  bytes take() {
    if (!fits_) wipe(out_);
    return fits_ ? std::move(out_) : bytes{};
  }

 private:
  bytes out_;
  bool fits_ = true;
};

// After the first thing that is not there, everything is empty or zero, and is_good() false.
class byte_reader {
 public:
  explicit byte_reader(bytes_view in) : in_(in) {}

  std::uint64_t number(std::size_t width) {
    std::uint64_t value = 0;
    for (const auto byte : raw(width)) value = value << 8 | byte;
    return value;
  }
  bytes_view raw(std::size_t size) {
    if (size > in_.size()) {
      is_good_ = false;
      in_ = {};
      return {};
    }
    const auto taken = in_.first(size);
    in_ = in_.subspan(size);
    return taken;
  }
  bytes_view counted(std::size_t width) { return raw(static_cast<std::size_t>(number(width))); }
  std::string text(std::size_t width) { return std::string(as_text(counted(width))); }
  void refuse() { is_good_ = false; }
  bool is_good() const { return is_good_; }
  bool is_at_end() const { return is_good_ && in_.empty(); }

 private:
  bytes_view in_;
  bool is_good_ = true;
};

}  // namespace tlsmodem

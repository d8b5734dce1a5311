// What is authenticated beside a record's content: RFC 5246 6.2.3.3, with a connection ID RFC 9146 5.
#pragma once

#include "record.hpp"

#include <array>
#include <cstring>
#include <span>

namespace tlsmodem::dtls12 {

// `length` is that of DTLSInnerPlaintext, or with encrypt-then-MAC that of IV and ciphertext.
class additional_data {
 public:
  additional_data(const record_view& record, std::size_t length) {
    const std::uint64_t number = std::uint64_t{record.epoch} << 48 | record.sequence;
    if (record.cid.empty()) {
      put(number, 8);
      put(record.type, 1);
      put(record.version, 2);
    } else {
      put(~std::uint64_t{0}, 8);
      put(tls12_cid, 1);
      put(record.cid.size(), 1);
      put(tls12_cid, 1);
      put(record.version, 2);
      put(number, 8);
      std::memcpy(data_.data() + size_, record.cid.data(), record.cid.size());
      size_ += record.cid.size();
    }
    put(length, 2);
  }
  bytes_view view() const { return {data_.data(), size_}; }
  std::span<std::uint8_t> span() { return {data_.data(), size_}; }

 private:
  void put(std::uint64_t value, int width) {
    for (int shift = 8 * (width - 1); shift >= 0; shift -= 8)
      data_[size_++] = static_cast<std::uint8_t>(value >> shift);
  }

  std::array<std::uint8_t, 8 + 1 + 1 + 1 + 2 + 8 + max_cid_bytes + 2> data_;
  std::size_t size_ = 0;
};

}  // namespace tlsmodem::dtls12

// Bytes that must not outlive their use: keys, pre-shared keys, passwords. Wiped on destruction and before
// being overwritten; moves, does not copy (clone() is the visible way), and has no way to be printed.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/wiped.hpp"

#include <utility>

namespace tlsmodem {

class secret {
 public:
  secret() = default;
  // Copies; wiping `data` is the caller's business.
  explicit secret(bytes_view data) : data_(data.begin(), data.end()) {}
  // Takes the memory over, so no copy stays behind.
  explicit secret(bytes&& data) noexcept : data_(std::exchange(data, {})) {}
  secret(secret&& other) noexcept : data_(std::exchange(other.data_, {})) {}
  secret& operator=(secret&& other) noexcept {
    if (this != &other) {
      wipe(data_);
      data_ = std::exchange(other.data_, {});
    }
    return *this;
  }
  secret(const secret&) = delete;
  secret& operator=(const secret&) = delete;
  ~secret() { wipe(data_); }

  secret clone() const { return secret(view()); }
  // Valid until the secret is moved from, assigned to or destroyed.
  bytes_view view() const { return data_; }
  std::size_t size() const { return data_.size(); }
  bool empty() const { return data_.empty(); }

 private:
  bytes data_;
};

}  // namespace tlsmodem

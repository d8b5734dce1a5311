// Randomness that everything here rests on.
#pragma once

#include <openssl/rand.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace tlsmodem::store {

// Fails only when the system has no entropy at all; nothing could be encrypted then.
inline void fill_randomly(std::span<unsigned char> bytes) {
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) std::abort();
}

inline std::uint64_t random_number() {
  std::array<unsigned char, sizeof(std::uint64_t)> bytes{};
  fill_randomly(bytes);
  return std::bit_cast<std::uint64_t>(bytes);
}

}  // namespace tlsmodem::store

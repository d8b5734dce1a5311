#include "cbc_mac.hpp"

#include "protocol/wiped.hpp"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstring>

// libcrypto's HMAC takes the time that its input's length asks for, and its own constant-time variant knows
// no CID. The compression functions alone are what a constant-time hash is made of; nothing newer gives them.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace tlsmodem::dtls12 {
namespace {

// All ones or all zeros. The compiler must not turn them into branches.
using mask = std::size_t;

mask opaque(mask value) {
  __asm__("" : "+r"(value));
  return value;
}
mask is_less(std::size_t a, std::size_t b) {
  return opaque(std::size_t{0} - ((a ^ ((a ^ b) | ((a - b) ^ b))) >> (sizeof a * 8 - 1)));
}
mask is_equal(std::size_t a, std::size_t b) {
  const std::size_t difference = a ^ b;
  return opaque(std::size_t{0} - ((~difference & (difference - 1)) >> (sizeof a * 8 - 1)));
}
std::uint8_t narrow(mask value) { return static_cast<std::uint8_t>(value); }
void add_if(std::uint8_t& into, std::uint8_t byte, mask condition) {
  into = static_cast<std::uint8_t>(into | (byte & narrow(condition)));
}

struct sha1 {
  using context = SHA_CTX;
  using word = SHA_LONG;
  static constexpr std::size_t block = 64;
  static constexpr std::size_t length = 8;
  static constexpr std::size_t digest = 20;
  static void start(context& c) { SHA1_Init(&c); }
  static void mix(context& c, const std::uint8_t* data) { SHA1_Transform(&c, data); }
  static std::array<word*, 5> words(context& c) { return {&c.h0, &c.h1, &c.h2, &c.h3, &c.h4}; }
};
struct sha256 {
  using context = SHA256_CTX;
  using word = SHA_LONG;
  static constexpr std::size_t block = 64;
  static constexpr std::size_t length = 8;
  static constexpr std::size_t digest = 32;
  static void start(context& c) { SHA256_Init(&c); }
  static void mix(context& c, const std::uint8_t* data) { SHA256_Transform(&c, data); }
  static std::array<word*, 8> words(context& c) {
    return {&c.h[0], &c.h[1], &c.h[2], &c.h[3], &c.h[4], &c.h[5], &c.h[6], &c.h[7]};
  }
};
struct sha384 {
  using context = SHA512_CTX;
  using word = SHA_LONG64;
  static constexpr std::size_t block = 128;
  static constexpr std::size_t length = 16;
  static constexpr std::size_t digest = 48;
  static void start(context& c) { SHA384_Init(&c); }
  static void mix(context& c, const std::uint8_t* data) { SHA512_Transform(&c, data); }
  static std::array<word*, 6> words(context& c) {
    return {&c.h[0], &c.h[1], &c.h[2], &c.h[3], &c.h[4], &c.h[5]};
  }
};

template <typename Hash>
void write_digest(typename Hash::context& state, std::uint8_t* out) {
  for (const auto* word : Hash::words(state))
    for (int shift = 8 * (static_cast<int>(sizeof *word) - 1); shift >= 0; shift -= 8)
      *out++ = static_cast<std::uint8_t>(*word >> shift);
}

template <typename Hash>
using key_block = std::array<std::uint8_t, Hash::block>;

template <typename Hash>
key_block<Hash> padded_key(bytes_view key, std::uint8_t pad) {
  key_block<Hash> block;
  block.fill(pad);
  for (std::size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
  return block;
}

// The inner hash of HMAC over `message`, of which only the first `size` bytes count. `size` is secret, but at
// least `shortest`: all that depends on it is done for every block that might be the last.
template <typename Hash>
std::array<std::uint8_t, Hash::digest> inner_hash(bytes_view key, bytes_view message, std::size_t size,
                                                  std::size_t shortest) {
  typename Hash::context state;
  Hash::start(state);
  auto first = padded_key<Hash>(key, 0x36);
  Hash::mix(state, first.data());
  wipe(first.data(), first.size());
  const std::size_t whole = shortest / Hash::block;
  for (std::size_t i = 0; i < whole; ++i) Hash::mix(state, message.data() + i * Hash::block);

  const std::size_t last = (size + Hash::length) / Hash::block;
  const std::size_t blocks = (message.size() + Hash::length) / Hash::block + 1;
  const std::uint64_t bits = (std::uint64_t{Hash::block} + size) * 8;
  std::array<std::uint8_t, Hash::digest> found{};
  for (std::size_t i = whole; i < blocks; ++i) {
    const mask is_last = is_equal(i, last);
    std::array<std::uint8_t, Hash::block> block;
    for (std::size_t j = 0; j < Hash::block; ++j) {
      const std::size_t at = i * Hash::block + j;
      const std::uint8_t byte = at < message.size() ? message[at] : 0;
      block[j] =
          static_cast<std::uint8_t>((byte & narrow(is_less(at, size))) | (0x80 & narrow(is_equal(at, size))));
    }
    for (std::size_t j = 0; j < 8; ++j)
      add_if(block[Hash::block - 1 - j], static_cast<std::uint8_t>(bits >> (8 * j)), is_last);
    Hash::mix(state, block.data());
    std::array<std::uint8_t, Hash::digest> digest;
    write_digest<Hash>(state, digest.data());
    for (std::size_t j = 0; j < Hash::digest; ++j) add_if(found[j], digest[j], is_last);
  }
  OPENSSL_cleanse(&state, sizeof state);
  return found;
}

template <typename Hash>
std::array<std::uint8_t, Hash::digest> outer_hash(bytes_view key, bytes_view inner) {
  typename Hash::context state;
  Hash::start(state);
  auto first = padded_key<Hash>(key, 0x5c);
  Hash::mix(state, first.data());
  wipe(first.data(), first.size());
  std::array<std::uint8_t, Hash::block> block{};
  std::copy(inner.begin(), inner.end(), block.begin());
  block[inner.size()] = 0x80;
  const std::size_t bits = (Hash::block + inner.size()) * 8;
  block[Hash::block - 2] = static_cast<std::uint8_t>(bits >> 8);
  block[Hash::block - 1] = static_cast<std::uint8_t>(bits);
  Hash::mix(state, block.data());
  std::array<std::uint8_t, Hash::digest> digest;
  write_digest<Hash>(state, digest.data());
  OPENSSL_cleanse(&state, sizeof state);
  return digest;
}

// The received MAC, which begins at the secret place `start`, at least `first`. Every byte that may be part
// of it goes to its place in a ring, which is then turned.
template <std::size_t Size>
std::array<std::uint8_t, Size> take_mac(bytes_view data, std::size_t start, std::size_t first) {
  std::array<std::uint8_t, Size> ring{};
  std::size_t turn = 0;
  std::size_t slot = 0;
  for (std::size_t i = first; i < data.size(); ++i) {
    const mask is_inside = ~is_less(i, start) & is_less(i, start + Size);
    turn |= slot & is_equal(i, start);
    add_if(ring[slot], data[i], is_inside);
    slot = slot + 1 == Size ? 0 : slot + 1;
  }
  for (std::size_t step = 1; step < Size; step *= 2, turn /= 2) {
    const mask turns = std::size_t{0} - (turn & 1);
    auto turned = ring;
    for (std::size_t i = 0; i < Size; ++i) {
      const std::uint8_t other = ring[(i + step) % Size];
      turned[i] = static_cast<std::uint8_t>((other & narrow(turns)) | (ring[i] & narrow(~turns)));
    }
    ring = turned;
  }
  return ring;
}

template <typename Hash>
std::optional<std::size_t> check(bytes_view key, std::span<std::uint8_t> additional_data,
                                 bytes_view decrypted) {
  constexpr std::size_t max_padding = 255;
  if (decrypted.size() < Hash::digest + 1) return std::nullopt;
  const std::size_t longest = decrypted.size() - Hash::digest - 1;
  std::size_t padding = decrypted.back();
  mask is_good = ~is_less(longest, padding);
  const std::size_t scanned = std::min(decrypted.size(), max_padding + 1);
  for (std::size_t i = 0; i < scanned; ++i) {
    const mask is_padding = ~is_less(padding, i);
    is_good &= ~is_padding | is_equal(decrypted[decrypted.size() - 1 - i], padding);
  }
  padding &= is_good;
  const std::size_t content = longest - padding;
  const std::size_t shortest = longest - std::min(longest, max_padding);
  additional_data[additional_data.size() - 2] = static_cast<std::uint8_t>(content >> 8);
  additional_data[additional_data.size() - 1] = static_cast<std::uint8_t>(content);

  bytes message(additional_data.begin(), additional_data.end());
  message.insert(message.end(), decrypted.begin(), decrypted.begin() + static_cast<std::ptrdiff_t>(longest));
  const auto inner =
      inner_hash<Hash>(key, message, additional_data.size() + content, additional_data.size() + shortest);
  const auto expected = outer_hash<Hash>(key, inner);
  const auto received = take_mac<Hash::digest>(decrypted, content, shortest);
  const auto differs =
      static_cast<std::size_t>(CRYPTO_memcmp(expected.data(), received.data(), Hash::digest));
  is_good &= is_equal(differs, 0);
  OPENSSL_cleanse(message.data(), message.size());
  if (is_good == 0) return std::nullopt;
  return content;
}

}  // namespace

std::optional<std::size_t> check_mac_then_encrypt(mac_digest digest, bytes_view mac_key,
                                                  std::span<std::uint8_t> additional_data,
                                                  bytes_view decrypted) {
  switch (digest) {
    case mac_digest::sha1:
      return check<sha1>(mac_key, additional_data, decrypted);
    case mac_digest::sha256:
      return check<sha256>(mac_key, additional_data, decrypted);
    default:
      return check<sha384>(mac_key, additional_data, decrypted);
  }
}

}  // namespace tlsmodem::dtls12

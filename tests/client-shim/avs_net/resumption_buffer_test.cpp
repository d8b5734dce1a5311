// A handle comes out of the buffer as it went in, or not at all.
#include "client-shim/avs_net/resumption_buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace tlsmodem::test {
namespace {

using avs::load_handle;
using avs::save_handle;

// As the header draws it: version, handle, checksum.
constexpr std::size_t record_bytes = 1 + 16 + 4;
constexpr std::uint8_t untouched = 0xA5;
const std::string a_handle = "0123456789abcdef00112233445566ff";

std::vector<std::uint8_t> saved(std::string_view handle, std::size_t size = 64) {
  std::vector<std::uint8_t> buffer(size, untouched);
  save_handle(handle, buffer);
  return buffer;
}

bool is_zero(std::span<const std::uint8_t> data) {
  return std::ranges::all_of(data, [](std::uint8_t byte) { return byte == 0; });
}

// FNV-1a, 32 bits, big endian: written a second time, so that the format cannot change unnoticed.
std::vector<std::uint8_t> with_checksum(std::vector<std::uint8_t> checked) {
  std::uint32_t sum = 0x811C9DC5;
  for (const auto byte : checked) sum = (sum ^ byte) * 0x01000193;
  for (const int shift : {24, 16, 8, 0}) checked.push_back(static_cast<std::uint8_t>(sum >> shift));
  return checked;
}

TEST(resumption_buffer, gives_back_what_was_saved) {
  for (const std::string& handle : {a_handle, std::string(32, '0'), std::string(32, 'f'),
                                    std::string("00000000000000000000000000000001")})
    for (const std::size_t size : {record_bytes, record_bytes + 1, std::size_t{64}, std::size_t{4096}})
      EXPECT_EQ(load_handle(saved(handle, size)), handle) << size;
}

TEST(resumption_buffer, is_laid_out_as_documented) {
  std::vector<std::uint8_t> expected = {1};
  for (int i = 0; i < 32; i += 2)
    expected.push_back(
        static_cast<std::uint8_t>(std::stoi(a_handle.substr(static_cast<std::size_t>(i), 2), nullptr, 16)));
  EXPECT_EQ(saved(a_handle, record_bytes), with_checksum(expected));
}

TEST(resumption_buffer, the_tail_is_zeroed) {
  const auto buffer = saved(a_handle);
  EXPECT_TRUE(is_zero(std::span(buffer).subspan(record_bytes)));
}

TEST(resumption_buffer, a_longer_tail_of_something_else_does_not_matter) {
  auto buffer = saved(a_handle);
  std::fill(buffer.begin() + record_bytes, buffer.end(), untouched);
  EXPECT_EQ(load_handle(buffer), a_handle);
}

TEST(resumption_buffer, zeros_hold_no_handle) {
  for (std::size_t size = 0; size <= 64; ++size)
    EXPECT_EQ(load_handle(std::vector<std::uint8_t>(size)), "") << size;
}

TEST(resumption_buffer, every_flipped_bit_is_noticed) {
  const auto good = saved(a_handle);
  for (std::size_t bit = 0; bit < record_bytes * 8; ++bit) {
    auto damaged = good;
    damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ 1 << bit % 8);
    EXPECT_EQ(load_handle(damaged), "") << "bit " << bit;
  }
}

TEST(resumption_buffer, one_that_is_too_small_gets_zeros_and_gives_nothing) {
  const auto good = saved(a_handle);
  for (std::size_t size = 0; size < record_bytes; ++size) {
    EXPECT_TRUE(is_zero(saved(a_handle, size))) << size;
    EXPECT_EQ(load_handle(std::span(good).first(size)), "") << size;
  }
}

TEST(resumption_buffer, what_is_no_handle_leaves_zeros) {
  const std::string not_handles[] = {
      "",
      a_handle.substr(1),
      a_handle + "0",
      "0123456789ABCDEF00112233445566FF",  // the modem writes lower case
      "g123456789abcdef00112233445566ff",
      "0123456789abcdef00112233445566f ",
      "0123456789abcdef:0112233445566ff",
      std::string(32, '\0'),
      std::string(32, '/'),
      std::string(32, '`'),
      std::string(32, '\xFF'),
      std::string(4096, 'a'),
  };
  for (const auto& text : not_handles) {
    const auto buffer = saved(text);
    EXPECT_TRUE(is_zero(buffer)) << text;
    EXPECT_EQ(load_handle(buffer), "") << text;
  }
}

TEST(resumption_buffer, writes_nothing_beside_itself) {
  for (std::size_t size = 0; size <= 64; ++size) {
    std::vector<std::uint8_t> around(size + 32, untouched);
    save_handle(a_handle, std::span(around).subspan(16, size));
    const auto is_untouched = [](std::uint8_t byte) { return byte == untouched; };
    EXPECT_TRUE(std::all_of(around.begin(), around.begin() + 16, is_untouched)) << size;
    EXPECT_TRUE(std::all_of(around.end() - 16, around.end(), is_untouched)) << size;
  }
}

TEST(resumption_buffer, another_version_holds_no_handle) {
  for (int version = 0; version < 256; ++version) {
    std::vector<std::uint8_t> record(17, 0x42);
    record[0] = static_cast<std::uint8_t>(version);
    EXPECT_EQ(load_handle(with_checksum(record)).empty(), version != 1) << version;
  }
}

}  // namespace
}  // namespace tlsmodem::test

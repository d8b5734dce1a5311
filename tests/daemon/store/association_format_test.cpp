// The content of an association's row.
#include "daemon/store/association_format.hpp"

#include "daemon/store/row_codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <random>

namespace tlsmodem::test {
namespace {

association_entry entry_in_use() {
  association_entry entry;
  entry.id = 0x0102030405060708;
  entry.binding = {1, 2, 3};
  entry.host = "server.example";
  entry.port = 5684;
  entry.remote = {"2001:db8::1", 5684};
  entry.local = {"2001:db8::77", 40000};
  entry.version = "DTLSv1.2";
  entry.suite = "TLS_PSK_WITH_AES_128_CCM_8";
  entry.made = std::chrono::sys_seconds(std::chrono::seconds(100));
  entry.expires = std::chrono::sys_seconds(std::chrono::seconds(200));
  entry.slot = 33;
  entry.slot_era = 0x1112131415161718;
  entry.write_reserved = 1025;
  entry.read_reserved = 64;
  entry.constant = secret(as_bytes("keys"));
  return entry;
}

association_entry entry_clean() {
  auto entry = entry_in_use();
  entry.is_clean = true;
  entry.counters = {1025, dtls12::replay_window(64, 0xf0f0)};
  return entry;
}

// What is taken is written back as the same bytes.
void expect_refused_or_harmless(bytes_view row, std::size_t bit) {
  const auto entry = decode_association_entry(row);
  if (!entry) return;
  const auto again = encode(*entry);
  EXPECT_TRUE(std::ranges::equal(again.view(), row)) << "bit " << bit;
}

TEST(association_format, every_cut_and_every_surplus_is_refused) {
  for (const auto& entry : {&entry_in_use, &entry_clean}) {
    const auto encoded = encode((*entry)());
    const auto whole = encoded.view();
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_FALSE(decode_association_entry(whole.first(size))) << size;
    bytes longer(whole.begin(), whole.end());
    longer.push_back(0);
    EXPECT_FALSE(decode_association_entry(longer));
  }
}

TEST(association_format, every_flipped_bit_is_refused_or_harmless) {
  for (const auto& entry : {&entry_in_use, &entry_clean}) {
    const auto encoded = encode((*entry)());
    bytes row(encoded.view().begin(), encoded.view().end());
    for (std::size_t bit = 0; bit < 8 * row.size(); ++bit) {
      row[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      expect_refused_or_harmless(row, bit);
      row[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    }
  }
}

// Numbers of a clean row, by their distance from its end.
enum from_end : std::size_t {
  keys_size = 8,
  received_next = 24,
  write_next = 32,
  read_reserved = 40,
  write_reserved = 48,
  expires = 69,
  made = 77,
};

bytes with_number(bytes row, std::size_t at, std::uint64_t value, std::size_t width = 8) {
  for (std::size_t i = 0; i < width; ++i)
    row[at + i] = static_cast<std::uint8_t>(value >> (8 * (width - 1 - i)));
  return row;
}

TEST(association_format, what_makes_no_sense_is_neither_written_nor_read) {
  using change = std::function<void(association_entry&)>;
  constexpr std::uint64_t none = 0;  // no such row can be made with one number
  const struct {
    const char* what;
    change make;
    std::size_t place;
    std::uint64_t value;
  } cases[] = {
      {"no id", [](auto& e) { e.id = 0; }, none, 0},
      {"no keys", [](auto& e) { e.constant = {}; }, none, 0},
      {"too many keys", [](auto& e) { e.constant = secret(bytes(65537)); }, none, 0},
      {"made before 1970", [](auto& e) { e.made = std::chrono::sys_seconds(std::chrono::seconds(-1)); }, made,
       ~std::uint64_t{0}},
      {"expires behind the year 9999",
       [](auto& e) { e.expires = row_codec::latest_time + std::chrono::seconds(1); }, expires,
       253'402'300'800},
      {"expires before it was made", [](auto& e) { e.expires = {}; }, expires, 0},
      {"numbers beyond 48 bits", [](auto& e) { e.write_reserved = max_sequence_numbers + 1; }, write_reserved,
       max_sequence_numbers + 1},
      {"received numbers beyond 48 bits", [](auto& e) { e.read_reserved = max_sequence_numbers + 1; },
       read_reserved, max_sequence_numbers + 1},
      {"written beyond what is reserved", [](auto& e) { e.counters.write_next = e.write_reserved + 1; },
       write_next, 1026},
      {"received beyond",
       [](auto& e) {
         e.counters.received = {e.read_reserved + 1, 1};
       },
       received_next, 65},
  };
  const auto encoded = encode(entry_clean());
  const bytes good(encoded.view().begin(), encoded.view().end());
  for (const auto& c : cases) {
    auto entry = entry_clean();
    c.make(entry);
    EXPECT_TRUE(encode(entry).empty()) << c.what;
    if (c.place == none) continue;
    const auto refused = decode_association_entry(with_number(good, good.size() - c.place, c.value));
    ASSERT_FALSE(refused) << c.what;
    EXPECT_FALSE(refused.why().text.empty());
  }
  EXPECT_FALSE(decode_association_entry(with_number(good, 1, 0))) << "no id";
  auto no_keys = with_number(good, good.size() - keys_size, 0, 4);
  no_keys.resize(no_keys.size() - 4);
  EXPECT_FALSE(decode_association_entry(no_keys));
  auto many_keys = with_number(good, good.size() - keys_size, 65537, 4);
  many_keys.resize(many_keys.size() - 4 + 65537);
  EXPECT_FALSE(decode_association_entry(many_keys));
}

void expect_back(const association_entry& was) {
  const auto encoded = encode(was);
  const auto is = decode_association_entry(encoded.view());
  ASSERT_TRUE(is) << is.why().text;
  EXPECT_EQ(is->id, was.id);
  EXPECT_EQ(is->binding, was.binding);
  EXPECT_EQ(is->host, was.host);
  EXPECT_EQ(is->port, was.port);
  EXPECT_EQ(is->remote, was.remote);
  EXPECT_EQ(is->local, was.local);
  EXPECT_EQ(is->version, was.version);
  EXPECT_EQ(is->suite, was.suite);
  EXPECT_EQ(is->made, was.made);
  EXPECT_EQ(is->expires, was.expires);
  EXPECT_EQ(is->slot, was.slot);
  EXPECT_EQ(is->slot_era, was.slot_era);
  EXPECT_EQ(is->is_clean, was.is_clean);
  EXPECT_EQ(is->write_reserved, was.write_reserved);
  EXPECT_EQ(is->read_reserved, was.read_reserved);
  EXPECT_EQ(is->counters, was.is_clean ? was.counters : dtls12::sequence_counters{});
  EXPECT_TRUE(std::ranges::equal(is->constant.view(), was.constant.view()));
}

TEST(association_format, comes_back_as_it_was) {
  expect_back(entry_in_use());
  expect_back(entry_clean());
}

// Each field has one of the ends of its range, or something between, by chance.
TEST(association_format, whatever_is_written_is_read) {
  std::mt19937_64 random(1);
  const auto number_to = [&random](std::uint64_t most) {
    const std::uint64_t choices[] = {0, std::min<std::uint64_t>(1, most), most,
                                     most == 0 ? 0 : random() % most};
    return choices[random() % std::size(choices)];
  };
  const auto text = [&] {
    return std::string(number_to(row_codec::max_name_bytes), static_cast<char>(random()));
  };
  const auto port = [&] { return static_cast<std::uint16_t>(number_to(65535)); };
  const auto latest = static_cast<std::uint64_t>(row_codec::latest_time.time_since_epoch().count());
  const auto time = [&] {
    return std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(number_to(latest))));
  };
  for (int i = 0; i < 5000; ++i) {
    association_entry entry;
    entry.id = std::max<std::uint64_t>(1, number_to(~std::uint64_t{0}));
    entry.binding.fill(static_cast<std::uint8_t>(random()));
    entry.host = text();
    entry.port = port();
    entry.remote = {text(), port()};
    entry.local = {text(), port()};
    entry.version = text();
    entry.suite = text();
    entry.made = time();
    entry.expires = std::max(entry.made, time());
    entry.slot = static_cast<std::uint32_t>(number_to(0xffffffff));
    entry.slot_era = number_to(~std::uint64_t{0});
    entry.is_clean = random() % 2 == 0;
    entry.write_reserved = number_to(max_sequence_numbers);
    entry.read_reserved = number_to(max_sequence_numbers);
    entry.counters = {number_to(entry.write_reserved),
                      dtls12::replay_window(number_to(entry.read_reserved), number_to(~std::uint64_t{0}))};
    entry.constant =
        secret(bytes(std::max<std::uint64_t>(1, number_to(max_association_constant_bytes)), 'k'));
    expect_back(entry);
  }
}

TEST(association_format, knows_what_it_has_no_room_for) {
  auto entry = entry_in_use();
  EXPECT_TRUE(can_be_stored(entry));
  entry.local.address = std::string(255, 'x');
  EXPECT_TRUE(can_be_stored(entry));
  entry.local.address += 'x';
  EXPECT_FALSE(can_be_stored(entry));
}

}  // namespace
}  // namespace tlsmodem::test

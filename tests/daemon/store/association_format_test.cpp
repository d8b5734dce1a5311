// The content of an association's row.
#include "daemon/store/association_format.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

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

TEST(association_format, comes_back_as_it_was) {
  for (const auto& entry : {&entry_in_use, &entry_clean}) {
    const auto was = (*entry)();
    const auto encoded = encode(was);
    const auto is = decode_association_entry(encoded.view());
    ASSERT_TRUE(is);
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
    EXPECT_EQ(is->counters, was.counters);
    EXPECT_EQ(as_text(is->constant.view()), "keys");
  }
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

TEST(association_format, what_makes_no_sense_is_refused) {
  using change = std::function<void(association_entry&)>;
  const struct {
    const char* what;
    change make;
  } cases[] = {
      {"no id", [](auto& e) { e.id = 0; }},
      {"no keys", [](auto& e) { e.constant = {}; }},
      {"too many keys", [](auto& e) { e.constant = secret(bytes(65537)); }},
      {"expires before it was made", [](auto& e) { e.expires = {}; }},
      {"numbers beyond 48 bits", [](auto& e) { e.write_reserved = max_sequence_numbers + 1; }},
      {"received numbers beyond 48 bits", [](auto& e) { e.read_reserved = max_sequence_numbers + 1; }},
      {"written beyond what is reserved", [](auto& e) { e.counters.write_next = e.write_reserved + 1; }},
      {"received beyond",
       [](auto& e) {
         e.counters.received = {e.read_reserved + 1, 1};
       }},
  };
  for (const auto& c : cases) {
    auto entry = entry_clean();
    c.make(entry);
    EXPECT_FALSE(decode_association_entry(encode(entry).view())) << c.what;
  }
  auto largest = entry_clean();
  largest.constant = secret(bytes(65536));
  largest.write_reserved = max_sequence_numbers;
  EXPECT_TRUE(decode_association_entry(encode(largest).view()));
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

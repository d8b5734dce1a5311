#include "daemon/store/sealed_box.hpp"

#include "daemon/store/row.hpp"
#include "store_fixture.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

using store::sealed_box;

sealed_box box_of(char key, std::string_view id = "0123456789abcdef") {
  auto made = sealed_box::make(test_key(key), as_bytes(id));
  EXPECT_TRUE(made);
  return std::move(*made);
}

TEST(sealed_box, opens_what_it_sealed) {
  const auto box = box_of('k');
  for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 4096U, 1'048'576U}) {
    const std::string content(size, 'c');
    const auto sealed = box.seal(as_bytes(content), as_bytes("place"));
    ASSERT_TRUE(sealed);
    EXPECT_EQ(sealed->size(), size + sealed_box::overhead_bytes);
    const auto opened = box_of('k').open(*sealed, as_bytes("place"));
    ASSERT_TRUE(opened);
    EXPECT_EQ(as_text(opened->view()), content);
  }
}

TEST(sealed_box, never_seals_the_same_twice) {
  const auto box = box_of('k');
  EXPECT_NE(*box.seal(as_bytes("x"), {}), *box.seal(as_bytes("x"), {}));
}

TEST(sealed_box, refuses_every_flipped_bit_and_every_cut) {
  const auto box = box_of('k');
  const bytes place = to_bytes("place");
  const auto sealed = box.seal(as_bytes("content"), place);
  ASSERT_TRUE(sealed);
  for (std::size_t bit = 0; bit < sealed->size() * 8; ++bit) {
    auto changed = *sealed;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_FALSE(box.open(changed, place)) << bit;
  }
  for (std::size_t bit = 0; bit < place.size() * 8; ++bit) {
    auto changed = place;
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_FALSE(box.open(*sealed, changed)) << bit;
  }
  for (std::size_t size = 0; size < sealed->size(); ++size)
    EXPECT_FALSE(box.open(bytes_view(*sealed).first(size), place)) << size;
  auto longer = *sealed;
  longer.push_back(0);
  EXPECT_FALSE(box.open(longer, place));
}

TEST(sealed_box, refuses_another_key_and_another_store) {
  const auto sealed = box_of('k').seal(as_bytes("content"), {});
  ASSERT_TRUE(sealed);
  EXPECT_FALSE(box_of('l').open(*sealed, {}));
  EXPECT_FALSE(box_of('k', "0123456789abcdeg").open(*sealed, {}));
}

TEST(row_binding, differs_when_anything_differs) {
  const store::store_id_bytes id{1};
  const store::store_id_bytes other_id{2};
  const std::set<bytes> all = {
      row_binding(id, in_credentials, 1, "a", 1),       row_binding(other_id, in_credentials, 1, "a", 1),
      row_binding(id, in_sessions, 1, "a", 1),          row_binding(id, in_credentials, 256, "a", 1),
      row_binding(id, in_credentials, 1, "ab", 1),      row_binding(id, in_credentials, 1, "", 1),
      row_binding(id, in_credentials, 1, "a", 1 << 16),
  };
  EXPECT_EQ(all.size(), 7U);
}

}  // namespace
}  // namespace tlsmodem::test

// Any bytes as a sealed content: opened only when they are what was sealed, at the place it was sealed for.
#include "daemon/store/row.hpp"
#include "daemon/store/sealed_box.hpp"
#include "invariants.hpp"
#include "protocol/bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

using namespace tlsmodem;

constexpr store::store_id_bytes store_id{1, 2, 3};

const store::sealed_box& box() {
  static const auto made = store::sealed_box::make(secret(bytes(32, 'k')), store_id);
  fuzz::require(static_cast<bool>(made), "a box can be made");
  return *made;
}

struct place {
  store::table in = store::table::credentials;
  std::uint32_t user = 0;
  std::string_view name;
  std::uint64_t generation = 0;
  bool operator==(const place&) const = default;
  bytes binding() const { return row_binding(store_id, in, user, name, generation); }
};

place take_place(std::string_view& input) {
  place taken;
  taken.in = store::all_tables[fuzz::take_byte(input) % store::all_tables.size()];
  taken.user = fuzz::take_byte(input);
  taken.generation = fuzz::take_byte(input);
  const auto size = std::min<std::size_t>(fuzz::take_byte(input) % 8, input.size());
  taken.name = input.substr(0, size);
  input.remove_prefix(size);
  return taken;
}

}  // namespace

// Two places, a position and a change; the rest is the content.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto input = as_text({data, size});
  fuzz::require(!box().open({data, size}, {}), "bytes from anywhere are not opened");
  const auto here = take_place(input);
  const auto there = take_place(input);
  const auto position = fuzz::take_byte(input);
  const auto change = static_cast<std::uint8_t>(fuzz::take_byte(input));
  fuzz::require((here.binding() == there.binding()) == (here == there), "each place has its own binding");

  auto sealed = box().seal(as_bytes(input), here.binding());
  fuzz::require(static_cast<bool>(sealed), "anything is sealed");
  const auto opened = box().open(*sealed, there.binding());
  fuzz::require(opened.has_value() == (here == there), "it opens at its place only");
  if (opened) fuzz::require(as_text(opened->view()) == input, "what comes out is what was sealed");
  auto& changed = (*sealed)[position % sealed->size()];
  changed = static_cast<std::uint8_t>(changed ^ change);
  fuzz::require(change == 0 || !box().open(*sealed, here.binding()), "what was changed is not opened");
  return 0;
}

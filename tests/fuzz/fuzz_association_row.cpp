// The row of an association: what is taken is written back as the same bytes, and nothing else is taken.
#include "daemon/store/association_format.hpp"

#include <algorithm>
#include <cstdlib>

using namespace tlsmodem;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bytes_view row(data, size);
  const auto entry = decode_association_entry(row);
  if (!entry) return 0;
  if (entry->counters.write_next > entry->write_reserved || !can_be_stored(*entry)) std::abort();
  const auto again = encode(*entry);
  if (!std::ranges::equal(again.view(), row)) std::abort();
  return 0;
}

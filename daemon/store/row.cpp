#include "row.hpp"

namespace tlsmodem::store {
namespace {

void append_number(bytes& to, std::uint64_t value, int size) {
  for (int byte = size - 1; byte >= 0; --byte) to.push_back(static_cast<std::uint8_t>(value >> (8 * byte)));
}

void append(bytes& to, bytes_view part) {
  append_number(to, part.size(), 4);
  to.insert(to.end(), part.begin(), part.end());
}

void append_field(bytes& to, std::uint64_t value, int size) {
  append_number(to, static_cast<std::uint64_t>(size), 4);
  append_number(to, value, size);
}

}  // namespace

std::string_view name_of(table which) {
  switch (which) {
    case table::credentials:
      return "credential";
    case table::sessions:
      return "session";
    case table::associations:
      return "association";
  }
  return {};
}

bytes row_binding(const store_id_bytes& store_id, table in, std::uint32_t user, std::string_view name,
                  std::uint64_t generation) {
  bytes whole;
  append(whole, as_bytes("tlsmodem row"));
  append(whole, store_id);
  append(whole, as_bytes(name_of(in)));
  append_field(whole, user, 4);
  append(whole, as_bytes(name));
  append_field(whole, generation, 8);
  return whole;
}

}  // namespace tlsmodem::store

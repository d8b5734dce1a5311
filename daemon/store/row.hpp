// What the store keeps: rows with a place and a secret content, which it does not look into.
#pragma once

#include "daemon/support/secret.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tlsmodem::store {

enum class table : std::uint8_t { credentials, sessions, associations };
inline constexpr std::array all_tables = {table::credentials, table::sessions, table::associations};

// The SQL table; part of the file format.
std::string_view name_of(table which);

inline constexpr std::size_t max_name_bytes = 64;
inline constexpr std::size_t max_content_bytes = std::size_t{1024} * 1024;

struct row {
  table in = table::credentials;
  std::uint32_t user = 0;
  std::string name;  // 1 to 64 bytes of text, without NUL
  secret content;    // up to 1 MiB
};

struct change {
  table in = table::credentials;
  std::uint32_t user = 0;
  std::string name;
  std::optional<secret> content;  // nothing: the row is erased, if there is one
};

using store_id_bytes = std::array<std::uint8_t, 16>;

// What a sealed content is bound to: a row that was moved to another place, or put back with an older content
// than its generation tells, does not open. Different arguments never give the same bytes.
bytes row_binding(const store_id_bytes& store_id, table in, std::uint32_t user, std::string_view name,
                  std::uint64_t generation);

}  // namespace tlsmodem::store

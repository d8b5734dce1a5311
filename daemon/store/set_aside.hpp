// Damaged store files are kept for a person to look at, under a name that says when.
#pragma once

#include "protocol/result.hpp"

#include <string>

namespace tlsmodem::store {

inline constexpr const char* database_suffixes[] = {"", "-wal", "-shm"};

// Renames DIR/store.db and what belongs to it to store.db.damaged-<UTC time>[-n], never over a file that is
// there. The path of the first; or why not.
at::result<std::string> set_store_aside(const std::string& directory);

}  // namespace tlsmodem::store

// The file format of the store: what is in the SQL file besides the rows' contents.
#pragma once

#include "row.hpp"
#include "sqlite.hpp"

#include <array>
#include <optional>

namespace tlsmodem::store {

// "tlsm": tells our files from those of others.
inline constexpr std::int64_t application_id = 0x746c736d;

// What leads from the version of its index to the next one; PRAGMA user_version tells which is reached. Files
// of all versions are around: a step is never changed, only added.
// With rowids: a table WITHOUT ROWID would spread each content over pages of its own.
inline constexpr std::array migrations = {
    "CREATE TABLE meta(name TEXT PRIMARY KEY NOT NULL, value NOT NULL);"
    "CREATE TABLE credential(id INTEGER PRIMARY KEY, user INTEGER NOT NULL, name TEXT NOT NULL,"
    " generation INTEGER NOT NULL, sealed BLOB NOT NULL, UNIQUE(user, name));"
    "CREATE TABLE session(id INTEGER PRIMARY KEY, user INTEGER NOT NULL, name TEXT NOT NULL,"
    " generation INTEGER NOT NULL, sealed BLOB NOT NULL, UNIQUE(user, name));",
    "CREATE TABLE association(id INTEGER PRIMARY KEY, user INTEGER NOT NULL, name TEXT NOT NULL,"
    " generation INTEGER NOT NULL, sealed BLOB NOT NULL, UNIQUE(user, name));"};
inline constexpr auto current_version = static_cast<std::int64_t>(migrations.size());

// Inside a transaction of the caller. An SQLite result code.
int migrate(sqlite3* file, std::int64_t from_version);

// The rows of `meta`; there from version 1 on.
struct meta {
  store_id_bytes store_id{};
  bytes key_check;  // a constant, sealed: whether a key is the right one
  std::uint64_t generation = 0;
};
int write_meta(sqlite3* file, const meta& content);

struct meta_outcome {
  int code = SQLITE_OK;         // of the reading
  std::optional<meta> content;  // nothing when it is incomplete or not as it was written
};
// Does not need a key: a checksum tells damage from a wrong key.
meta_outcome read_meta(sqlite3* file);

// A PRAGMA that gives a number.
int read_number(sqlite3* file, const char* pragma, std::int64_t& into);

}  // namespace tlsmodem::store

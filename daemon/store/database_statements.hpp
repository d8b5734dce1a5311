// The statements of an open store file, prepared once. For the sources of `database` only.
#pragma once

#include "database.hpp"

#include <array>
#include <string>

namespace tlsmodem::store {

struct database::statements {
  explicit statements(sqlite3* file)
      : put{put_into(file, table::credentials), put_into(file, table::sessions)},
        erase{erase_from(file, table::credentials), erase_from(file, table::sessions)},
        set_generation(file, "UPDATE meta SET value = ? WHERE name = 'generation'") {}

  int failure() const {
    for (const auto* each : {&put[0], &put[1], &erase[0], &erase[1], &set_generation})
      if (each->failure() != SQLITE_OK) return each->failure();
    return SQLITE_OK;
  }

  static sqlite::statement put_into(sqlite3* file, table which) {
    return {file, "INSERT INTO " + std::string(name_of(which)) +
                      "(user, name, generation, sealed) VALUES(?, ?, ?, ?) ON CONFLICT(user, name) DO UPDATE"
                      " SET generation = excluded.generation, sealed = excluded.sealed"};
  }
  static sqlite::statement erase_from(sqlite3* file, table which) {
    return {file, "DELETE FROM " + std::string(name_of(which)) + " WHERE user = ? AND name = ?"};
  }

  std::array<sqlite::statement, 2> put;  // by table
  std::array<sqlite::statement, 2> erase;
  sqlite::statement set_generation;
};

}  // namespace tlsmodem::store

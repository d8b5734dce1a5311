// The statements of an open store file, prepared once. For the sources of `database` only.
#pragma once

#include "database.hpp"

#include <string>
#include <vector>

namespace tlsmodem::store {

struct database::statements {
  explicit statements(sqlite3* file)
      : set_generation(file, "UPDATE meta SET value = ? WHERE name = 'generation'") {
    for (const auto which : all_tables) {
      put.push_back(put_into(file, which));
      erase.push_back(erase_from(file, which));
    }
  }

  int failure() const {
    for (const auto* all : {&put, &erase})
      for (const auto& each : *all)
        if (each.failure() != SQLITE_OK) return each.failure();
    return set_generation.failure();
  }

  static sqlite::statement put_into(sqlite3* file, table which) {
    return {file, "INSERT INTO " + std::string(name_of(which)) +
                      "(user, name, generation, sealed) VALUES(?, ?, ?, ?) ON CONFLICT(user, name) DO UPDATE"
                      " SET generation = excluded.generation, sealed = excluded.sealed"};
  }
  static sqlite::statement erase_from(sqlite3* file, table which) {
    return {file, "DELETE FROM " + std::string(name_of(which)) + " WHERE user = ? AND name = ?"};
  }

  std::vector<sqlite::statement> put;  // by table
  std::vector<sqlite::statement> erase;
  sqlite::statement set_generation;
};

}  // namespace tlsmodem::store

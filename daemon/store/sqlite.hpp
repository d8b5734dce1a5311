// SQLite's C API with owners: a connection, statements, a transaction. Result codes are SQLite's extended
// ones; nothing throws.
#pragma once

#include "protocol/bytes.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tlsmodem::store::sqlite {

struct connection_deleter {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
using connection = std::unique_ptr<sqlite3, connection_deleter>;

// The file is corrupt or no database.
bool is_damage(int code);
// SQLite's words for the failure, with the system's when there are any; for a sentence.
std::string reason(sqlite3* handle, int code);

int execute(sqlite3* handle, const char* sql);

// bind(...) in the order of the parameters, then step(); SQLITE_ROW or SQLITE_DONE is good.
class statement {
 public:
  // A statement that could not be prepared gives the reason for that at every step.
  statement(sqlite3* handle, const std::string& sql);

  int failure() const { return failure_; }

  statement& bind(std::int64_t value);
  statement& bind_text(std::string_view value);
  // The memory has to stay as it is until the statement is reset or destroyed.
  statement& bind_blob(bytes_view value);
  int step();
  // Steps a statement that gives no rows, and makes it ready for the next binds.
  int run();

  int type(int column) const { return sqlite3_column_type(handle_.get(), column); }
  std::int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  // Valid until the next step.
  bytes_view blob(int column) const;
  std::string_view text(int column) const { return as_text(blob(column)); }

 private:
  struct deleter {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };
  void note(int code);
  std::unique_ptr<sqlite3_stmt, deleter> handle_;
  int failure_ = SQLITE_OK;
  int next_parameter_ = 1;
};

// Rolls back unless it was committed.
class transaction {
 public:
  explicit transaction(sqlite3* handle);
  ~transaction();
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;
  int begun() const { return begun_; }
  int commit();

 private:
  sqlite3* handle_;
  int begun_;
  bool is_open_;
};

}  // namespace tlsmodem::store::sqlite

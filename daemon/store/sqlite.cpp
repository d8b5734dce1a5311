#include "sqlite.hpp"

#include "files.hpp"

namespace tlsmodem::store::sqlite {

bool is_damage(int code) { return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB; }

std::string reason(sqlite3* handle, int code) {
  std::string text = sqlite3_errstr(code);
  const int number = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  const int kind = code & 0xff;
  // The number is of the last system call that failed, which only these kinds are about.
  if (number != 0 && (kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN))
    text += " (" + reason_of(number) + ")";
  return text;
}

int execute(sqlite3* handle, const char* sql) { return sqlite3_exec(handle, sql, nullptr, nullptr, nullptr); }

statement::statement(sqlite3* handle, const std::string& sql) {
  sqlite3_stmt* made = nullptr;
  failure_ = sqlite3_prepare_v2(handle, sql.c_str(), -1, &made, nullptr);
  handle_.reset(made);
}

void statement::note(int code) {
  if (failure_ == SQLITE_OK) failure_ = code;
}

statement& statement::bind(std::int64_t value) {
  note(sqlite3_bind_int64(handle_.get(), next_parameter_++, value));
  return *this;
}

statement& statement::bind_text(std::string_view value) {
  note(sqlite3_bind_text(handle_.get(), next_parameter_++, value.data(), static_cast<int>(value.size()),
                         SQLITE_TRANSIENT));
  return *this;
}

statement& statement::bind_blob(bytes_view value) {
  note(sqlite3_bind_blob64(handle_.get(), next_parameter_++, value.data(), value.size(), SQLITE_STATIC));
  return *this;
}

int statement::step() { return failure_ != SQLITE_OK ? failure_ : sqlite3_step(handle_.get()); }

int statement::run() {
  const int code = step();
  next_parameter_ = 1;
  sqlite3_reset(handle_.get());
  sqlite3_clear_bindings(handle_.get());
  return code;
}

bytes_view statement::blob(int column) const {
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(handle_.get(), column));
  const int size = sqlite3_column_bytes(handle_.get(), column);
  if (data == nullptr || size <= 0) return {};
  return {data, static_cast<std::size_t>(size)};
}

// IMMEDIATE: whoever holds the lock is waited for now, not in the middle.
transaction::transaction(sqlite3* handle)
    : handle_(handle), begun_(execute(handle, "BEGIN IMMEDIATE")), is_open_(begun_ == SQLITE_OK) {}

transaction::~transaction() {
  if (is_open_) execute(handle_, "ROLLBACK");
}

int transaction::commit() {
  const int code = execute(handle_, "COMMIT");
  if (code == SQLITE_OK) is_open_ = false;
  return code;
}

}  // namespace tlsmodem::store::sqlite

#include "schema.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <string>

namespace tlsmodem::store {
namespace {

bytes checksum(const meta& content) {
  bytes all;
  all.reserve(content.store_id.size() + content.key_check.size());
  all.insert(all.end(), content.store_id.begin(), content.store_id.end());
  all.insert(all.end(), content.key_check.begin(), content.key_check.end());
  bytes digest(32);
  EVP_Digest(all.data(), all.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return digest;
}

int write_value(sqlite3* file, std::string_view name, bytes_view value) {
  sqlite::statement insert(file, "INSERT INTO meta(name, value) VALUES(?, ?)");
  return insert.bind_text(name).bind_blob(value).run();
}

}  // namespace

int migrate(sqlite3* file, std::int64_t from_version) {
  for (auto version = from_version; version < current_version; ++version) {
    const int code = sqlite::execute(file, migrations[static_cast<std::size_t>(version)]);
    if (code != SQLITE_OK) return code;
  }
  return sqlite::execute(file, ("PRAGMA user_version = " + std::to_string(current_version)).c_str());
}

int write_meta(sqlite3* file, const meta& content) {
  int code = write_value(file, "store_id", content.store_id);
  if (code == SQLITE_DONE) code = write_value(file, "key_check", content.key_check);
  if (code == SQLITE_DONE) code = write_value(file, "checksum", checksum(content));
  if (code != SQLITE_DONE) return code;
  sqlite::statement insert(file, "INSERT INTO meta(name, value) VALUES('generation', ?)");
  code = insert.bind(static_cast<std::int64_t>(content.generation)).run();
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

meta_outcome read_meta(sqlite3* file) {
  meta content;
  bytes sum;
  bool has_id = false;
  bool has_generation = false;
  sqlite::statement select(file, "SELECT name, value FROM meta");
  int code = SQLITE_OK;
  while ((code = select.step()) == SQLITE_ROW) {
    const auto name = select.text(0);
    const auto value = select.blob(1);
    if (name == "store_id" && value.size() == content.store_id.size()) {
      std::copy(value.begin(), value.end(), content.store_id.begin());
      has_id = true;
    } else if (name == "key_check") {
      content.key_check.assign(value.begin(), value.end());
    } else if (name == "checksum") {
      sum.assign(value.begin(), value.end());
    } else if (name == "generation" && select.type(1) == SQLITE_INTEGER && select.integer(1) >= 0) {
      content.generation = static_cast<std::uint64_t>(select.integer(1));
      has_generation = true;
    }
  }
  if (code != SQLITE_DONE) return {code, std::nullopt};
  if (!has_id || !has_generation || sum != checksum(content)) return {SQLITE_OK, std::nullopt};
  return {SQLITE_OK, std::move(content)};
}

int read_number(sqlite3* file, const char* pragma, std::int64_t& into) {
  sqlite::statement select(file, pragma);
  const int code = select.step();
  if (code != SQLITE_ROW) return code;
  into = select.integer(0);
  return SQLITE_OK;
}

}  // namespace tlsmodem::store

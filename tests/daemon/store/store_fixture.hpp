// What the tests of the durable store share: a state directory of their own, changes and rows in short words.
#pragma once

#include "daemon/store/database.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/process.hpp"

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem::test {

inline constexpr auto in_credentials = store::table::credentials;
inline constexpr auto in_sessions = store::table::sessions;

secret secret_of(std::string_view text);
secret test_key(char filling = 'k');

store::change put(std::string_view name, std::string_view content, std::uint32_t user = 1000,
                  store::table in = in_credentials);
store::change erase(std::string_view name, std::uint32_t user = 1000, store::table in = in_credentials);
std::vector<store::change> list(store::change first);
std::vector<store::change> list(store::change first, store::change second);

// "credential/1000/name=content"
using row_texts = std::multiset<std::string>;
row_texts texts(const std::vector<store::row>& rows);

// A state directory with its store.
class store_place {
 public:
  std::string path(const std::string& name = {}) const { return directory_.path(name); }
  std::string file() const { return path("store.db"); }
  store::database open(char key = 'k', std::chrono::milliseconds wait = std::chrono::seconds(5)) const {
    return store::database::open(path(), test_key(key), wait);
  }
  // Writes and closes.
  void write(const std::vector<store::change>& changes) const;
  // Opens, loads, closes; what is there, or a text with the trouble.
  row_texts read() const;
  // Names in the directory, sorted.
  std::set<std::string> files() const;
  // The one that begins so; empty if there is none.
  std::string file_beginning(std::string_view prefix) const;

 private:
  temporary_directory directory_;
};

// SQL from beside: what an attacker or a person does. The first value of the first row, as text.
std::string run_sql(const std::string& file, const std::string& statement);

// Keeps others from writing while it lives.
class write_lock {
 public:
  explicit write_lock(const std::string& file);
  void release();

 private:
  store::sqlite::connection connection_;
};

// In a process of its own; whether it had no failures. EXPECT_* work in there.
bool succeeds_in_child(const std::function<void()>& body);
// The same with a private mount of a tmpfs at the path. Nothing if this system does not let us mount.
std::optional<bool> succeeds_on_tmpfs(const std::string& path, const char* options,
                                      const std::function<void()>& body);
bool remount(const std::string& path, bool is_read_only);

}  // namespace tlsmodem::test

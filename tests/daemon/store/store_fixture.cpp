#include "store_fixture.hpp"

#include "daemon/support/log.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <utility>

namespace tlsmodem::test {

secret secret_of(std::string_view text) { return secret(as_bytes(text)); }
secret test_key(char filling) { return secret_of(std::string(32, filling)); }

store::change put(std::string_view name, std::string_view content, std::uint32_t user, store::table in) {
  return {in, user, std::string(name), secret_of(content)};
}
store::change erase(std::string_view name, std::uint32_t user, store::table in) {
  return {in, user, std::string(name), std::nullopt};
}
std::vector<store::change> list(store::change first) {
  std::vector<store::change> all;
  all.push_back(std::move(first));
  return all;
}
std::vector<store::change> list(store::change first, store::change second) {
  auto all = list(std::move(first));
  all.push_back(std::move(second));
  return all;
}

row_texts texts(const std::vector<store::row>& rows) {
  row_texts all;
  for (const auto& each : rows)
    all.insert(std::string(name_of(each.in)) + "/" + std::to_string(each.user) + "/" + each.name + "=" +
               std::string(as_text(each.content.view())));
  return all;
}

void store_place::write(const std::vector<store::change>& changes) const {
  auto opened = open();
  ASSERT_EQ(opened.trouble(), "");
  ASSERT_FALSE(opened.apply(changes));
}

row_texts store_place::read() const {
  auto opened = open();
  auto found = opened.load();
  if (!found) return {opened.trouble()};
  return texts(found->rows);
}

std::set<std::string> store_place::files() const {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path()))
    names.insert(entry.path().filename().string());
  return names;
}

std::string store_place::file_beginning(std::string_view prefix) const {
  for (const auto& name : files())
    if (name.starts_with(prefix)) return path(name);
  return {};
}

std::string run_sql(const std::string& file, const std::string& statement) {
  sqlite3* handle = nullptr;
  sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr);
  const store::sqlite::connection connection(handle);
  store::sqlite::statement step(handle, statement);
  const int code = step.step();
  EXPECT_TRUE(code == SQLITE_ROW || code == SQLITE_DONE) << sqlite3_errmsg(handle) << ": " << statement;
  return code == SQLITE_ROW ? std::string(step.text(0)) : std::string();
}

write_lock::write_lock(const std::string& file) {
  sqlite3* handle = nullptr;
  sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr);
  connection_.reset(handle);
  EXPECT_EQ(store::sqlite::execute(handle, "BEGIN EXCLUSIVE"), SQLITE_OK);
}

void write_lock::release() { connection_.reset(); }

bool succeeds_in_child(const std::function<void()>& body) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    std::fflush(nullptr);
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::optional<bool> succeeds_on_tmpfs(const std::string& path, const char* options,
                                      const std::function<void()>& body) {
  const auto mount_it = [&] {
    return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("tmpfs", path.c_str(), "tmpfs", 0, options) == 0;
  };
  if (!succeeds_in_child([&] {
        if (!mount_it()) ::_exit(1);
      }))
    return std::nullopt;
  return succeeds_in_child([&] {
    ASSERT_TRUE(mount_it());
    body();
  });
}

bool remount(const std::string& path, bool is_read_only) {
  const unsigned long flags = is_read_only ? MS_REMOUNT | MS_RDONLY : MS_REMOUNT;
  return ::mount(nullptr, path.c_str(), nullptr, flags, nullptr) == 0;
}

}  // namespace tlsmodem::test

#include "set_aside.hpp"

#include "files.hpp"

#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <ctime>

namespace tlsmodem::store {
namespace {

// Far more than the daemon restarts in a second.
constexpr int max_attempts = 1000;

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

bool is_free(const std::string& path) {
  for (const char* suffix : database_suffixes)
    if (exists(path + suffix)) return false;
  return true;
}

std::string utc_time() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts);
  return text.data();
}

}  // namespace

// The main file first: without it, what is left is set aside at the next start and never taken for the WAL of
// a new file.
at::result<std::string> set_store_aside(const std::string& directory) {
  const auto path = directory + "/store.db";
  const auto base = path + ".damaged-" + utc_time();
  auto target = base;
  for (int n = 1; !is_free(target); ++n) {
    if (n == max_attempts) return {at::error::store_unavailable, "no name is free"};
    target = base + "-" + std::to_string(n);
  }
  for (const char* suffix : database_suffixes) {
    if (std::rename((path + suffix).c_str(), (target + suffix).c_str()) != 0 && errno != ENOENT)
      return {at::error::store_unavailable, reason_of(errno)};
  }
  if (const int number = sync_directory(directory); number != 0)
    return {at::error::store_unavailable, reason_of(number)};
  return target;
}

}  // namespace tlsmodem::store

#include "store_key.hpp"

#include "daemon/support/private_file.hpp"
#include "files.hpp"

#include <sys/stat.h>

#include <openssl/rand.h>

namespace tlsmodem::store {
namespace {

constexpr std::size_t made_key_bytes = 32;
constexpr std::size_t min_key_bytes = 32;
constexpr std::size_t max_key_bytes = 4096;

at::failure unusable(const std::string& path, const std::string& why) {
  return {at::error::credentials_unusable, "The key file " + path + " " + why + "."};
}

at::failure not_made(const std::string& path, int number) {
  return {at::error::store_unavailable,
          "The key file " + path + " cannot be made: " + reason_of(number) + "."};
}

int write_new_key(const std::string& path) {
  std::uint8_t key[made_key_bytes];
  const unique_fd file = make_private_file(path);
  if (!file) return errno;
  if (RAND_priv_bytes(key, sizeof key) != 1) return EAGAIN;
  const auto written = ::write(file.value(), key, sizeof key);
  int number = written < 0 ? errno : written < static_cast<ssize_t>(sizeof key) ? ENOSPC : 0;
  wipe(key, sizeof key);
  if (number == 0 && ::fsync(file.value()) != 0) number = errno;
  return number;
}

// A key that rows are sealed with must not vanish in a power cut: it gets its name when its content is on the
// disk, and is used when its name is. link() does not replace.
int make_key(const std::string& state_dir, const std::string& path) {
  const auto draft = path + ".new";
  ::unlink(draft.c_str());
  int number = write_new_key(draft);
  if (number == 0 && ::link(draft.c_str(), path.c_str()) != 0 && errno != EEXIST) number = errno;
  ::unlink(draft.c_str());
  return number != 0 ? number : sync_directory(state_dir);
}

}  // namespace

at::result<secret> load_store_key(const std::string& path) {
  auto key = load_private_file("The key file", path, max_key_bytes);
  if (key && (key->size() < min_key_bytes || key->size() > max_key_bytes))
    return unusable(path, "must have 32 to 4096 bytes");
  return key;
}

at::result<secret> load_or_make_store_key(const std::string& state_dir) {
  const auto path = state_dir + "/store.key";
  struct stat status {};
  // lstat(): a symbolic link to nothing is a mistake of a person and is told as one.
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) return not_made(path, errno);
    if (const int number = make_key(state_dir, path); number != 0) return not_made(path, number);
  }
  return load_store_key(path);
}

}  // namespace tlsmodem::store

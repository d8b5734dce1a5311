#include "store_key.hpp"

#include "files.hpp"

#include <sys/stat.h>

#include <openssl/rand.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>

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

// Both without "..", so that a prefix means "inside".
bool is_in_credentials_directory(const std::string& path) {
  const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr || *directory != '/') return false;
  auto prefix = std::filesystem::path(directory).lexically_normal().string();
  if (!prefix.ends_with('/')) prefix += '/';
  return std::filesystem::path(path).lexically_normal().string().starts_with(prefix);
}

bool is_closed_to_others(const std::string& path, const struct stat& status) {
  if ((status.st_mode & 077) == 0) return true;
  return (status.st_mode & 037) == 0 && status.st_uid == 0 && is_in_credentials_directory(path);
}

// Up to one byte more than a key may have. Nothing and errno when reading fails.
std::optional<secret> read_all(int file) {
  bytes content(max_key_bytes + 1);
  std::size_t size = 0;
  ssize_t got = 0;
  while (size < content.size() && (got = ::read(file, content.data() + size, content.size() - size)) > 0)
    size += static_cast<std::size_t>(got);
  const secret everything(std::move(content));
  if (got < 0) return std::nullopt;
  return secret(everything.view().first(size));
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
  // Without O_NONBLOCK, a pipe would wait for its writer.
  const unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return unusable(path, "cannot be opened: " + reason_of(errno));
  struct stat status {};
  if (::fstat(file.value(), &status) != 0) return unusable(path, "cannot be read: " + reason_of(errno));
  if (!S_ISREG(status.st_mode)) return unusable(path, "is not a regular file");
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) return unusable(path, "belongs to another user");
  if (!is_closed_to_others(path, status)) return unusable(path, "is open to other users: chmod 600 " + path);
  auto key = read_all(file.value());
  if (!key) return unusable(path, "cannot be read: " + reason_of(errno));
  if (key->empty()) return unusable(path, "is empty");
  if (key->size() < min_key_bytes || key->size() > max_key_bytes)
    return unusable(path, "must have 32 to 4096 bytes");
  return std::move(*key);
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

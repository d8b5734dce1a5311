#include "private_file.hpp"

#include "unique_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

namespace tlsmodem {
namespace {

std::string reason_of(int number) { return std::generic_category().message(number); }

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

// Nothing and errno when reading fails.
std::optional<secret> read_up_to(int file, std::size_t most_bytes) {
  bytes content(most_bytes);
  std::size_t size = 0;
  ssize_t got = 0;
  while (size < content.size() && (got = ::read(file, content.data() + size, content.size() - size)) > 0)
    size += static_cast<std::size_t>(got);
  const secret everything(std::move(content));
  if (got < 0) return std::nullopt;
  return secret(everything.view().first(size));
}

}  // namespace

at::result<secret> load_private_file(std::string_view what, const std::string& path, std::size_t most_bytes) {
  const auto unusable = [&](const std::string& why) {
    return at::failure{at::error::credentials_unusable,
                       std::string(what).append(" ").append(path).append(" ").append(why).append(".")};
  };
  // Without O_NONBLOCK, a pipe would wait for its writer.
  const unique_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file) return unusable("cannot be opened: " + reason_of(errno));
  struct stat status {};
  if (::fstat(file.value(), &status) != 0) return unusable("cannot be read: " + reason_of(errno));
  if (!S_ISREG(status.st_mode)) return unusable("is not a regular file");
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) return unusable("belongs to another user");
  if (!is_closed_to_others(path, status)) return unusable("is open to other users: chmod 600 " + path);
  auto content = read_up_to(file.value(), most_bytes + 1);
  if (!content) return unusable("cannot be read: " + reason_of(errno));
  if (content->empty()) return unusable("is empty");
  return std::move(*content);
}

}  // namespace tlsmodem

#include "state_directory.hpp"

#include "files.hpp"

#include <sys/file.h>
#include <sys/stat.h>

namespace tlsmodem::store {
namespace {

at::failure refused(const std::string& path, const std::string& why) {
  return {at::error::store_unavailable, "The state directory " + path + " " + why + "."};
}

}  // namespace

at::result<state_directory> state_directory::open(const std::string& path) {
  const bool is_made = ::mkdir(path.c_str(), 0700) == 0;
  if (!is_made && errno != EEXIST) {
    // A directory that is there is EEXIST on a read-only file system too, so this one is missing.
    return refused(path, "cannot be made: " + reason_of(errno));
  }
  unique_fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory && errno == ENOENT) return refused(path, "is a symbolic link to nothing");
  if (!directory && errno == ENOTDIR) return refused(path, "is not a directory");
  if (!directory) return refused(path, "cannot be opened: " + reason_of(errno));
  if (is_made && ::fchmod(directory.value(), 0700) != 0)  // the umask may have taken from it
    return refused(path, "cannot be made: " + reason_of(errno));

  struct stat status {};
  if (::fstat(directory.value(), &status) != 0) return refused(path, "cannot be read: " + reason_of(errno));
  if (status.st_uid != ::geteuid())
    return refused(path, "belongs to the user id " + std::to_string(status.st_uid) + ", not to " +
                             std::to_string(::geteuid()) + ", as which this daemon runs");
  if ((status.st_mode & 077) != 0) return refused(path, "is open to other users: chmod 700 " + path);
  if (::flock(directory.value(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return at::failure{at::error::store_unavailable, "Another tlsmodemd already uses " + path + "."};
    return refused(path, "cannot be locked: " + reason_of(errno));
  }
  return state_directory(path, std::move(directory));
}

}  // namespace tlsmodem::store

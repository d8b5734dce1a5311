// What more than one file of the store needs from the file system.
#pragma once

#include "daemon/support/unique_fd.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace tlsmodem::store {

inline std::string reason_of(int number) { return std::generic_category().message(number); }

// A name that was made or changed in a directory survives a power cut only after this. 0 or an errno.
inline int sync_directory(const std::string& path) {
  const unique_fd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory && ::fsync(directory.value()) == 0 ? 0 : errno;
}

// An empty file of mode 0600, whatever the umask is; not opened when there is one. Sets errno.
inline unique_fd make_private_file(const std::string& path) {
  unique_fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file && ::fchmod(file.value(), 0600) != 0) return {};
  return file;
}

}  // namespace tlsmodem::store

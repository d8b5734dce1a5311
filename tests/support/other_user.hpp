// A daemon that runs as a user of its own: for limits and rights that root does not have.
#pragma once

#include "process.hpp"

#include <optional>
#include <string>
#include <vector>

namespace tlsmodem::test {

// A user id that no other process has: limits of a user count all its processes on the machine. Nothing
// where nobody can become another user (not root, or a user namespace that has one user only).
std::optional<uid_t> unused_user();

class daemon_of_another_user {
 public:
  // Returns when it can be connected to. `launcher` comes before the program, e.g. {"prlimit", "--core=0"}.
  explicit daemon_of_another_user(uid_t user, const std::vector<std::string>& launcher = {});

  pid_t pid() const { return process_.pid(); }
  const std::string& socket_path() const { return socket_path_; }

 private:
  process start(uid_t user, const std::vector<std::string>& launcher) const;

  temporary_directory directory_;
  std::string socket_path_ = directory_.path("at.sock");
  process process_;
};

}  // namespace tlsmodem::test

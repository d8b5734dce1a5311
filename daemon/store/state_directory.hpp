// The directory with the state of one daemon: its own, closed to everybody else, and used by no second daemon
// for as long as this object lives.
#pragma once

#include "daemon/support/unique_fd.hpp"
#include "protocol/result.hpp"

#include <string>
#include <utility>

namespace tlsmodem::store {

class state_directory {
 public:
  // Makes the directory when it is missing. Refuses, with the reason, one that others may look into, that
  // belongs to somebody else, or that another daemon uses (the lock is on the directory itself, so that a
  // read-only file system is no obstacle).
  static at::result<state_directory> open(const std::string& path);

  const std::string& path() const { return path_; }
  int descriptor() const { return descriptor_.value(); }

 private:
  state_directory(std::string path, unique_fd descriptor)
      : path_(std::move(path)), descriptor_(std::move(descriptor)) {}
  std::string path_;
  unique_fd descriptor_;
};

}  // namespace tlsmodem::store

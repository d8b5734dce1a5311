#pragma once

#include "process.hpp"

#include <string>
#include <string_view>

namespace tlsmodem::test {

// The log's lines while it lives, of this process.
class captured_log {
 public:
  captured_log();
  ~captured_log();
  captured_log(const captured_log&) = delete;
  captured_log& operator=(const captured_log&) = delete;
  std::string text() const { return read_file(path_); }
  int count(std::string_view part) const;

 private:
  temporary_directory directory_;
  std::string path_ = directory_.path("log");
  int descriptor_;
};

}  // namespace tlsmodem::test

// Rows of one table that cannot be read, gathered for the log: a line for each user id and reason. A reason
// is a text of this program, never of a row.
#pragma once

#include "row.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <utility>

namespace tlsmodem::store {

class unreadable_rows {
 public:
  // A damaged file can have any number of user ids.
  static constexpr std::size_t max_lines = 16;

  explicit unreadable_rows(table in) : in_(in) {}

  void add(std::int64_t user, const std::string& reason) { ++counts_[{user, reason}]; }
  std::size_t count() const;
  void log() const;

 private:
  table in_;
  std::map<std::pair<std::int64_t, std::string>, std::size_t> counts_;
};

}  // namespace tlsmodem::store

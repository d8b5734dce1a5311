// Who keeps the rows of a table in memory and tells what has changed of them; without I/O. A row_writer
// brings it to the store.
//
//   load() ▶ (on_changes's handler ▶ take_changes() ▶ written() or put_back()) …
#pragma once

#include "row.hpp"

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace tlsmodem {

class row_owner {
 public:
  using row_name = std::pair<std::uint32_t, std::string>;  // user id and name
  static constexpr auto no_limit = std::numeric_limits<std::size_t>::max();

  virtual ~row_owner() = default;

  // The rows of the store; those of other tables are left out. Returns how many cannot be read, which
  // the log was told. What is in
  // memory already wins.
  virtual std::size_t load(const std::vector<store::row>& rows) = 0;

  // Called when there begin to be changes.
  void on_changes(std::function<void()> handler) { on_changes_ = std::move(handler); }
  // What is to be written, each row once, as it is now; about `max_bytes` of it, in one transaction.
  virtual std::vector<store::change> take_changes(std::size_t max_bytes) = 0;
  // Names what take_changes() gave last; grows.
  virtual std::uint64_t batch() const { return 0; }
  // They are on the disk. From the event loop, as all that follows.
  virtual void written(std::uint64_t /*batch*/, const std::vector<row_name>& /*rows*/) {}
  // They may not be on the disk, and are due again.
  virtual void put_back(const std::vector<row_name>& rows) = 0;
  // The store began a new file.
  virtual void write_all_again() = 0;
  // Whether the store is known to work; told before load().
  virtual void store_works(bool /*is_working*/) {}
  // The turn of the event loop in which others may be called back.
  virtual void tell() {}

 protected:
  void has_changes() const {
    if (on_changes_) on_changes_();
  }

 private:
  std::function<void()> on_changes_;
};

}  // namespace tlsmodem

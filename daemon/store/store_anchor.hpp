// Whether the store is still where it was, and as new as it was: rows of associations must never be used in a
// copy of the state directory, or after an older one was put back (docs/decisions/0017-sequence-numbers.md).
//
// A row of the table tells on which machine it was written, and which files lay beside it: their inodes, a
// random number that is in the counter file, and the ctime of a file that is made anew at each start and
// never touched. No program that copies files can bring a ctime back. It also has a generation that is
// counted up with every transaction and noted in the counter file once the transaction is on the disk.
//
//   judge() for what was loaded ▶ prepare() ▶ content() and written() with each transaction
#pragma once

#include "counter_file.hpp"
#include "daemon/support/secret.hpp"
#include "row.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tlsmodem {

class store_anchor {
 public:
  static constexpr std::uint32_t row_user = 0xffffffff;  // no user id
  static constexpr std::string_view row_name = "anchor";

  // The directory is locked; the counter file is the one in it, and must outlive this object.
  store_anchor(std::string directory, const counter_file& counters,
               const std::string& machine_id = "/etc/machine-id");

  struct verdict {
    std::string reason;            // why the associations beside it are not to be used; empty: they are
    std::uint64_t generation = 0;  // the newest that is known
  };
  // Of the content of the row, if there is one.
  verdict judge(std::optional<bytes_view> row);

  // The file of this start; without it, the first content() makes it, and waits for the disk.
  void prepare();
  // What the row is to say from now on.
  secret content(std::uint64_t generation);
  // A row of content() is on the disk: nothing that an older row tells is left.
  void written();

 private:
  struct file {
    std::uint64_t inode = 0;
    std::uint64_t changed_s = 0;
    std::uint64_t changed_ns = 0;
    int trouble = 0;  // the errno that says why it cannot be looked at, unless there is none
    bool operator==(const file&) const = default;
  };
  struct description;
  static file look_at(const std::string& path);
  static std::optional<description> parse(bytes_view row);
  std::string path_of(std::uint8_t which) const;
  file store_file() const { return look_at(directory_ + "/store.db"); }
  std::string compare(const description& with) const;
  void make_file();

  const std::string directory_;
  const counter_file& counters_;
  std::array<std::uint8_t, 32> machine_{};
  std::uint8_t which_ = 0;  // of the two files, the one of the row
  bool is_made_ = false;    // which_ is of this process, if it could be made
  bool is_other_gone_ = false;
};

}  // namespace tlsmodem

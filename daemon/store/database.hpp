// The file of the store: SQLite in WAL mode, every transaction on the disk before it is told to be done,
// every content sealed. Blocking; one thread at a time. The directory belongs to this process alone
// (state_directory).
//
//   open() ▶ load() once ▶ apply() … ▶ destroyed (the WAL goes into the file)
//
// open() never loses data to make itself work: a file under another key or of a newer version is left as it
// is, a damaged one is renamed and a new one made. After apply() failed with store_unavailable, the object is
// of no more use: what the disk has is known only after opening anew.
#pragma once

#include "protocol/result.hpp"
#include "row.hpp"
#include "sealed_box.hpp"
#include "sqlite.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tlsmodem::store {

enum class open_outcome {
  ready,
  read_only,      // rows can be loaded, not changed
  wrong_key,      // nothing can be loaded or changed
  newer_version,  // the same
  unavailable,    // the same; may pass: disk full, I/O error, no permission, locked by another program
};

class database {
 public:
  struct contents {
    std::vector<row> rows;
    std::size_t damaged_rows = 0;
  };

  // How long another program (a backup, say) may keep the file locked before it is told to be unavailable.
  static constexpr auto default_patience = std::chrono::milliseconds(5000);

  static database open(const std::string& directory, const secret& key,
                       std::chrono::milliseconds patience = default_patience);
  ~database();
  database(database&& other) noexcept;
  database& operator=(database&& other) noexcept;

  open_outcome outcome() const { return outcome_; }
  // A sentence; empty when ready.
  const std::string& trouble() const { return trouble_; }
  // There was no file, or it was damaged: nothing of what was written before is in it.
  bool is_new() const { return is_new_; }
  // Where a damaged file went; empty when there was none.
  const std::string& set_aside() const { return set_aside_; }
  const store_id_bytes& store_id() const { return store_id_; }

  // All rows, when the outcome is ready or read_only. Those that do not open are erased and counted.
  at::result<contents> load();

  // One transaction. Errors: incorrect_parameters for a change that no file would take (name, size), and the
  // connection is as good as before; store_unavailable for everything else. Nothing is changed then, or, if
  // the disk failed while it committed, either everything or nothing.
  std::optional<at::failure> apply(std::span<const change> changes);

 private:
  class opener;
  struct statements;

  database(std::string directory, std::chrono::milliseconds patience);
  at::failure fail(int code);
  bool set_file_aside(const std::string& why);
  int read_table(table from, contents& into, std::vector<std::int64_t>& damaged);
  int erase_damaged(table from, std::span<const std::int64_t> ids);
  at::result<contents> save_from_damage(contents found);
  int write(const change& what, bytes& sealed);

  std::string directory_;
  std::string path_;
  std::chrono::milliseconds patience_;
  open_outcome outcome_ = open_outcome::unavailable;
  std::string trouble_;
  std::string set_aside_;
  bool is_new_ = false;
  secret key_;
  store_id_bytes store_id_{};
  std::optional<sealed_box> box_;
  std::uint64_t generation_ = 0;
  sqlite::connection connection_;
  std::unique_ptr<statements> statements_;  // of the connection
};

// What is wrong with the change, before any file is asked; nothing when it is good.
std::optional<at::failure> check(const change& what);

}  // namespace tlsmodem::store

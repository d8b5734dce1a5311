// Exact sequence numbers that outlive the process, though not the machine: a file of the state directory that
// is mapped into memory, so that a number is in it when one store instruction is done.
//
//   page 0: whose file it is, and of which boot │ slots of two copies, written in turn
//
// A process can die between any two instructions, which leaves at least one copy whole; what the file holds
// after the machine died is unknown, so slots of another boot are none. Its space is allocated: a hole on a
// full disk would be a SIGBUS. Without the file, or without room in it, there are no slots.
#pragma once

#include "daemon/dtls12/sequence_journal.hpp"
#include "daemon/support/unique_fd.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem {

class counter_file {
 public:
  // Of this running system, as the kernel tells it, or the service manager where /proc/sys is hidden; random
  // when neither does, so that it is never an earlier one.
  static std::string this_boot(const std::string& told_in = "/proc/sys/kernel/random/boot_id",
                               const char* told_too = std::getenv("TLSMODEM_BOOT_ID"));

  static constexpr std::string_view name = "associations.counters";
  static constexpr std::uint32_t no_slot = 0;
  static constexpr std::size_t slot_bytes = 128;
  static constexpr std::size_t first_slot_at = 4096;
  static constexpr std::size_t chunk_bytes = std::size_t{64} * 1024;
  static constexpr std::size_t max_chunks = 128;  // 8 MiB, some 65,000 associations

  // Opens or makes it in a directory that is locked. A file that cannot be used is made anew; when that fails
  // too, there are no slots, and trouble() says why.
  counter_file(const std::string& directory, std::string_view boot);
  ~counter_file();
  counter_file(const counter_file&) = delete;
  counter_file& operator=(const counter_file&) = delete;

  const std::string& trouble() const { return trouble_; }
  // Of the file and of what is in it: another file has another one, and so has one that was made anew or had
  // to be, whatever the inode is; file systems give that of a removed file to the next one. 0: there is none
  // that keeps a generation.
  std::uint64_t identity() const { return identity_; }

  // A number of the store; the boot does not matter. What was found when it was opened, and what is there
  // now.
  std::optional<std::uint64_t> found_generation() const { return found_generation_; }
  void set_generation(std::uint64_t generation);

  // The slot of this association as an earlier process of this boot left it; the slot is in use from then on.
  std::optional<dtls12::sequence_counters> claim(std::uint32_t slot, std::uint64_t id);
  // Random: of this file in this boot; 0: there are no slots.
  std::uint64_t era() const { return era_; }
  // The slot was this association's in that era, which is this one, and it was let go of: the association was
  // over, whatever the disk says. Not for one that is known here.
  bool was_let_go(std::uint32_t slot, std::uint64_t id, std::uint64_t era) const {
    return era != 0 && era == era_ && is_slot(slot) && *copy_of(slot, 0) != id && *copy_of(slot, 1) != id;
  }
  // A slot that nobody uses, empty.
  std::uint32_t acquire();
  void write(std::uint32_t slot, std::uint64_t id, const dtls12::sequence_counters& counters);
  void release(std::uint32_t slot);

 private:
  static constexpr std::size_t copy_words = slot_bytes / 2 / sizeof(std::uint64_t);
  static constexpr std::uint32_t generation_slot =
      first_slot_at / slot_bytes;  // slots count from the file's begin

  struct state {
    bool is_used = false;
    std::uint64_t serial = 0;  // of the newest copy
  };
  struct copy {
    std::uint64_t serial = 0;
    dtls12::sequence_counters counters;
  };

  bool open_file(const std::string& path);
  bool grow();
  std::uint64_t take_over(std::string_view boot);
  void begin_anew(const std::vector<std::uint64_t>& header);
  std::uint64_t* words_at(std::size_t offset) const;
  std::uint64_t* copy_of(std::uint32_t slot, std::uint64_t serial) const;
  std::optional<copy> newest(std::uint32_t slot, std::uint64_t id) const;
  void clear(std::uint32_t slot);
  bool is_slot(std::uint32_t slot) const;

  unique_fd file_;
  std::string trouble_;
  std::uint64_t identity_ = 0;
  std::optional<std::uint64_t> found_generation_;
  std::uint64_t era_ = 0;
  std::vector<void*> chunks_;
  std::vector<state> slots_;                       // by number
  std::uint32_t next_free_ = generation_slot + 1;  // none below it
};

}  // namespace tlsmodem

// What the tests of associations share: a store of associations, and a disk that a test completes writes of
// one by one, and that can lose what was not complete.
#pragma once

#include "daemon/store/association_store.hpp"
#include "store_fixture.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>

namespace tlsmodem::test {

inline constexpr association_store::user_id alice = 1000;
inline constexpr association_store::user_id bob = 1001;

association_store::place place_of_association(std::uint8_t binding = 1, bool is_kept = true);

class association_world {
 public:
  // Without an anchor, unless it is asked for: most tests are not about copies.
  enum class anchored { no, yes };
  enum class counted { no, yes };  // no: what a counter file should be cannot be one
  explicit association_world(anchored is_anchored = anchored::no, counted is_counted = counted::yes);
  ~association_world();

  bool has_slots() const { return is_counted_ == counted::yes; }
  association_store& store() { return *store_; }
  counter_file& counters() { return *counters_; }
  association_store::limits bounds{};
  std::chrono::seconds now{1'700'000'000};
  // The file of the store, as far as an anchor looks at it.
  std::string directory(const std::string& name = {}) const { return directory_.path(name); }
  bool is_store_working = true;  // when the next process starts
  std::string machine_id = "/etc/machine-id";

  // A new association whose keys are this text.
  std::unique_ptr<association_lease> keep(const std::string& handle, const std::string& keys,
                                          bool is_kept = true, std::uint64_t write_next = 1);

  // The next batch is on its way to the disk; whether there was one.
  bool submit(std::size_t max_bytes = row_owner::no_limit);
  // The oldest that is on its way.
  void complete();
  enum class lost { before_the_disk, behind_the_disk };
  void fail(lost where);
  // submit() and complete() until nothing is due; handlers are called.
  void settle();
  std::size_t in_flight() const { return flights_.size(); }

  // The store fails under a running process, and opens again: with what the disk has, or as a new one.
  void break_store();
  void mend_store();
  void replace_store();
  bool is_store_broken() const { return is_broken_; }

  // Any number of what is on its way comes to the disk. Leases that are left are dead.
  void kill_process(std::size_t completed = 0);
  enum class counters_are { lost, old };
  void crash_machine(std::size_t completed = 0, counters_are how = counters_are::old);
  // Any number of what is on its way comes to the disk; between its end and the next start, somebody does
  // this to the files.
  void kill_process_and(const std::function<void()>& meddle, std::size_t completed = 0);
  // For the next start.
  void boot_again() { ++boot_; }

  // With nothing stored; cheaper than a new world.
  void begin_anew();

  // What the disk says.
  std::optional<association_entry> row(const std::string& handle,
                                       association_store::user_id user = alice) const;
  std::size_t rows() const { return disk_.size(); }
  void remove_row(const std::string& handle) { disk_.erase({alice, handle}); }

  using disk = std::map<row_owner::row_name, secret>;
  disk copy_of_disk() const;
  void put_disk_back(disk content) { disk_ = std::move(content); }

 private:
  struct flight {
    std::uint64_t batch = 0;
    std::vector<store::change> changes;
  };
  void apply(const flight& what);
  std::vector<row_owner::row_name> names_of(const flight& what) const;
  void start();
  void load();
  void end();

  const anchored is_anchored_;
  const counted is_counted_;
  temporary_directory directory_;
  disk disk_;
  std::deque<flight> flights_;
  bool is_broken_ = false;
  int boot_ = 1;
  std::unique_ptr<counter_file> counters_;
  std::unique_ptr<store_anchor> anchor_;
  std::unique_ptr<association_store> store_;
};

}  // namespace tlsmodem::test

// Copies of the state directory, and older ones that were put back, with a real store and real files.
#include "association_world.hpp"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

namespace tlsmodem::test {
namespace {

namespace fs = std::filesystem;

const std::string counters(counter_file::name);

// A daemon's life, as far as its associations go. It ends as if it was killed.
class life {
 public:
  life(const std::string& directory, const std::string& machine_id, std::string_view boot = "boot")
      : database_(store::database::open(directory, test_key())),
        counters_(directory, boot),
        anchor_(directory, counters_, machine_id) {
    EXPECT_EQ(database_.trouble(), "");
    associations_.attach(&counters_, &anchor_);
    auto found = database_.load();
    EXPECT_TRUE(found);
    rows_ = texts(found->rows);
    EXPECT_EQ(associations_.load(found->rows), 0U);
  }

  void keep(const std::string& handle) {
    leases_.push_back(associations_.keep(alice, handle, place_of_association(), secret_of(handle), {1, {}}));
    settle();
  }
  // On the disk, and the process is gone before it hears of it.
  void keep_without_answer(const std::string& handle) {
    leases_.push_back(associations_.keep(alice, handle, place_of_association(), secret_of(handle), {1, {}}));
    ASSERT_FALSE(database_.apply(associations_.take_changes()));
  }
  void use(const std::string& handle) {
    auto taken = associations_.take(alice, handle, {1});
    ASSERT_TRUE(taken);
    taken->lease->release({taken->counters.write_next + 5, {}});
    settle();
  }
  void settle() {
    for (auto changes = associations_.take_changes(); !changes.empty();
         changes = associations_.take_changes()) {
      ASSERT_FALSE(database_.apply(changes));
      std::vector<row_owner::row_name> names;
      names.reserve(changes.size());
      for (const auto& change : changes) names.emplace_back(change.user, change.name);
      associations_.written(associations_.batch(), names);
    }
  }
  void write_credential() { ASSERT_FALSE(database_.apply(list(put("tag/1", "x")))); }
  bool has(const std::string& handle) const { return associations_.peek(alice, handle, {1}).has_value(); }
  const row_texts& rows() const { return rows_; }

 private:
  store::database database_;
  counter_file counters_;
  store_anchor anchor_;
  std::vector<std::unique_ptr<association_lease>> leases_;
  association_store associations_{{}, [] { return std::chrono::sys_seconds(std::chrono::seconds(1000)); }};
  row_texts rows_;
};

class anchor : public testing::Test {
 protected:
  anchor() {
    write_file(machine_id(), "0123456789abcdef");
    fs::create_directory(live());
  }
  std::string machine_id() const { return beside_.path("machine-id"); }
  std::string live(const std::string& name = {}) const { return beside_.path("live") + "/" + name; }
  std::string backup(const std::string& name = {}) const { return beside_.path("backup") + "/" + name; }
  life run(std::string_view boot = "boot") const { return {live(), machine_id(), boot}; }

  // Times of change have the grain of the kernel's clock. Nobody puts a backup back within it.
  void await_another_ctime() const {
    const auto now = [this] {
      write_file(beside_.path("clock"), "tick");
      struct stat status {};
      ::stat(beside_.path("clock").c_str(), &status);
      return std::pair(status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
    };
    const auto before = now();
    ASSERT_TRUE(eventually([&] { return now() != before; }));
  }
  void copy(const std::string& from, const std::string& to) const {
    await_another_ctime();
    ASSERT_EQ(process({"cp", "-a", from, to}).wait(), 0);
  }
  void write_in_place(const std::string& name) const {
    await_another_ctime();
    write_file(live(name), read_file(backup(name)));
  }
  void damage(std::size_t at, std::size_t size) const {
    auto content = read_file(live(counters));
    write_file(live(counters), content.replace(at, size, size, 'x'));
  }
  std::string anchor_file() const { return fs::exists(live("anchor.1")) ? "anchor.1" : "anchor.0"; }

  temporary_directory beside_;
};

TEST_F(anchor, keeps_what_was_not_touched) {
  run().keep("h");
  for (int i = 0; i < 5; ++i) {
    auto again = run(i < 3 ? "boot" : "another boot");
    EXPECT_TRUE(again.has("h")) << i;
    again.use("h");
  }
  fs::rename(live(), beside_.path("moved"));
  life moved(beside_.path("moved"), machine_id());
  EXPECT_TRUE(moved.has("h")) << "moved as a whole on its file system, it is no copy";
}

TEST_F(anchor, keeps_what_nobody_used_since_the_boot) {
  run().keep("h");
  run().use("h");
  for (int starts = 0; starts < 3; ++starts) EXPECT_TRUE(run("another boot").has("h")) << starts;
}

TEST_F(anchor, notices_copies_and_older_stores) {
  const struct {
    const char* what;
    const char* reason;
    std::function<void()> make;
    bool has_newer_credential = true;  // what else is in the store stays
  } cases[] = {
      {"another machine", "another machine", [&] { write_file(machine_id(), "fedcba9876543210"); }},
      {"copied away and back", "copied or put back",
       [&] {
         copy(live(), beside_.path("copy"));
         fs::remove_all(live());
         copy(beside_.path("copy"), live());
       }},
      {"put back in place", "copied or put back", [&] { copy(backup("."), live()); }, false},
      {"only the database, in place", "copied or put back", [&] { write_in_place("store.db"); }, false},
      {"the database is another file", "file of the store is another",
       [&] {
         fs::copy(live("store.db"), live("store.db.new"));
         fs::rename(live("store.db.new"), live("store.db"));
       }},
      {"both, in place, by a program that leaves what looks the same", "copied or put back",
       [&] {
         write_in_place("store.db");
         write_in_place(counters);
       },
       false},
      {"the counter file is gone", "counter file is another one",
       [&] {
         fs::copy(live(counters), live("same inode for nobody else"));
         fs::remove(live(counters));
         write_file(live("takes the inode"), "");
       }},
      {"the anchor is gone", "copied or put back",
       [&] {
         for (const char* name : {"anchor.0", "anchor.1"}) fs::remove(live(name));
       }},
      {"somebody touched the anchors", "copied or put back",
       [&] {
         await_another_ctime();
         for (const char* name : {"anchor.0", "anchor.1"}) ::chmod(live(name).c_str(), 0600);
       }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    fs::remove_all(live());
    fs::remove_all(backup());
    fs::create_directory(live());
    write_file(machine_id(), "0123456789abcdef");
    run().keep("h");
    copy(live(), backup());
    {
      auto later = run();
      later.write_credential();
      later.use("h");
    }
    c.make();
    const captured_log log;
    {
      auto after = run(c.reason == std::string_view("copied or put back") ? "another boot" : "boot");
      EXPECT_FALSE(after.has("h"));
      EXPECT_EQ(log.count("stored associations were dropped"), 1) << log.text();
      EXPECT_EQ(log.count(c.reason), 1) << log.text();
      after.keep("new");
    }
    auto last = run();
    EXPECT_EQ(log.count("stored associations were dropped"), 1) << "a new anchor was made";
    EXPECT_FALSE(last.has("h"));
    EXPECT_TRUE(last.has("new"));
    EXPECT_EQ(last.rows().count("credential/1000/tag/1=x"), c.has_newer_credential ? 1U : 0U);
  }
}

// A backup of a daemon that runs: only the generation tells.
TEST_F(anchor, notices_an_older_database_of_the_same_life) {
  {
    auto running = run();
    running.keep("h");
    copy(live(), backup());
    running.keep("i");
  }
  for (const char* name : {"store.db", "store.db-wal"}) write_in_place(name);
  const captured_log log;
  EXPECT_FALSE(run("another boot").has("h"));
  EXPECT_EQ(log.count("the store is older than the counter file"), 1) << log.text();
}

// The first process died before it noted the generation of its newer rows, the second used what they reserve.
TEST_F(anchor, notices_an_older_database_when_the_newer_was_only_read) {
  run().keep("h");
  copy(live(), backup());
  {
    auto killed = run();
    killed.keep_without_answer("h");
  }
  EXPECT_TRUE(run().has("h"));
  for (const char* name : {"store.db", "store.db-wal"}) write_in_place(name);
  const captured_log log;
  EXPECT_FALSE(run("another boot").has("h"));
  EXPECT_EQ(log.count("were dropped"), 1) << log.text();
}

TEST_F(anchor, a_copy_elsewhere_has_no_associations_and_the_original_keeps_them) {
  run().keep("h");
  copy(live(), beside_.path("copy"));
  EXPECT_FALSE(life(beside_.path("copy"), machine_id()).has("h"));
  EXPECT_TRUE(run().has("h"));
}

TEST_F(anchor, what_was_dropped_is_erased_with_the_new_anchor_or_dropped_again) {
  run().keep("h");
  write_file(machine_id(), "another");
  EXPECT_FALSE(run().has("h")) << "killed before anything was written";
  const captured_log log;
  {
    auto again = run();
    EXPECT_FALSE(again.has("h"));
    again.settle();
  }
  EXPECT_EQ(log.count("stored associations were dropped"), 1);
  EXPECT_EQ(run().rows().size(), 1U) << "the anchor";
  EXPECT_EQ(log.count("stored associations were dropped"), 1);
}

// The generation is what tells an older database of the same life, and it is in the counter file. A file
// system may give the inode of a removed file to the next one.
TEST_F(anchor, needs_the_generation_of_the_counter_file) {
  const struct {
    const char* what;
    std::function<void()> make;
  } cases[] = {
      {"removed", [&] { fs::remove(live(counters)); }},
      {"emptied", [&] { fs::resize_file(live(counters), 0); }},
      {"emptied, with its size",
       [&] { write_file(live(counters), std::string(counter_file::chunk_bytes, 0)); }},
      {"damaged header", [&] { damage(0, 4); }},
      {"damaged generation", [&] { damage(counter_file::first_slot_at, counter_file::slot_bytes); }},
  };
  for (const auto& c : cases) {
    for (const bool is_database_older : {false, true}) {
      SCOPED_TRACE(std::string(c.what) + (is_database_older ? ", older database" : ""));
      fs::remove_all(live());
      fs::remove_all(backup());
      fs::create_directory(live());
      {
        auto running = run();
        running.keep("h");
        copy(live(), backup());
        running.keep("i");
      }
      c.make();
      if (is_database_older)
        for (const char* name : {"store.db", "store.db-wal"}) write_in_place(name);
      const captured_log log;
      EXPECT_FALSE(run().has("h")) << "killed before anything was written";
      auto after = run();
      EXPECT_FALSE(after.has("h"));
      EXPECT_EQ(log.count("the counter file is another one, or was damaged"), 2) << log.text();
      after.keep("new");
      EXPECT_TRUE(run().has("new"));
    }
  }
}

// The counter file is the same one, and whole; it just cannot be opened for writing.
TEST_F(anchor, on_a_read_only_file_system_says_so) {
  const auto outcome = succeeds_on_tmpfs(live(), "mode=700", [&] {
    run().keep("h");
    ASSERT_TRUE(remount(live(), true));
    const captured_log log;
    counter_file counted(live(), "boot");
    store_anchor judged(live(), counted, machine_id());
    auto opened = store::database::open(live(), test_key());
    const auto found = opened.load();
    ASSERT_TRUE(found);
    association_store associations({}, [] { return std::chrono::sys_seconds(std::chrono::seconds(1000)); });
    associations.attach(&counted, &judged);
    EXPECT_EQ(associations.load(found->rows), 0U);
    EXPECT_EQ(log.count("reason=\"the counter file cannot be used: Read-only file system\""), 1)
        << log.text();
  });
  if (!outcome) GTEST_SKIP() << "this system does not let us mount";
  EXPECT_TRUE(*outcome);
}

TEST_F(anchor, whose_counter_file_cannot_be_opened_says_why) {
  run().keep("h");
  fs::remove(live(counters));
  fs::create_directory(live(counters));
  const captured_log log;
  EXPECT_FALSE(run().has("h"));
  EXPECT_EQ(log.count("reason=\"the counter file cannot be used: Is a directory\""), 1) << log.text();
}

TEST_F(anchor, a_process_killed_before_its_first_generation_leaves_associations) {
  {
    auto killed = run();
    killed.keep_without_answer("h");
  }
  EXPECT_TRUE(run().has("h"));
}

// Within the boot they look like slots that were let go of.
TEST_F(anchor, damaged_slots_cost_exact_numbers_or_a_handshake) {
  const auto damage_slots = [this] {
    damage(counter_file::first_slot_at + counter_file::slot_bytes,
           counter_file::chunk_bytes - counter_file::first_slot_at - counter_file::slot_bytes);
  };
  run().keep("h");
  damage_slots();
  EXPECT_TRUE(run("another boot").has("h"));
  run("another boot").use("h");
  damage_slots();
  EXPECT_FALSE(run("another boot").has("h"));
}

TEST_F(anchor, drops_that_failed_are_all_in_the_next_batch) {
  association_world world(association_world::anchored::yes);
  for (int i = 0; i < 10; ++i) world.keep(std::to_string(i), "k")->release({1, {}});
  world.settle();
  EXPECT_EQ(world.rows(), 11U);
  world.machine_id = machine_id();
  world.kill_process();
  const auto kept = world.keep("3", "new");
  for (const auto where :
       {association_world::lost::before_the_disk, association_world::lost::before_the_disk}) {
    EXPECT_TRUE(world.submit(1));
    world.fail(where);
  }
  EXPECT_TRUE(world.submit(1));
  world.complete();
  EXPECT_EQ(world.rows(), 2U);
  EXPECT_EQ(as_text(world.row("3")->constant.view()), "new");
}

TEST_F(anchor, only_new_files_that_others_cannot_read) {
  const auto first = run();
  EXPECT_TRUE(fs::exists(live("anchor.1"))) << "before anything is written";
  run().keep("h");
  struct stat status {};
  ASSERT_EQ(::stat(live(anchor_file()).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  EXPECT_EQ(status.st_size, 0);
}

}  // namespace
}  // namespace tlsmodem::test

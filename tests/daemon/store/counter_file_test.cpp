// The mapped counters: what another process finds, and when it finds nothing.
#include "daemon/store/counter_file.hpp"

#include "store_fixture.hpp"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

namespace tlsmodem::test {
namespace {

using dtls12::replay_window;
using dtls12::sequence_counters;

constexpr std::uint64_t id = 0x1122334455667788;
constexpr std::string_view boot = "0f0e0d0c-boot";

class counters : public testing::Test {
 protected:
  std::string path() const { return directory_.path(std::string(counter_file::name)); }
  std::uint32_t write(const sequence_counters& what, std::uint64_t whose = id) const {
    counter_file file(directory_.path(), boot);
    const auto slot = file.acquire();
    file.write(slot, whose, what);
    return slot;
  }
  std::optional<sequence_counters> claim(std::uint32_t slot, std::uint64_t whose = id,
                                         std::string_view when = boot) const {
    counter_file file(directory_.path(), when);
    return file.claim(slot, whose);
  }

  temporary_directory directory_;
};

TEST_F(counters, are_found_by_the_next_process_of_the_same_boot) {
  const sequence_counters what{77, replay_window(5, 0b10111)};
  const auto slot = write(what);
  EXPECT_NE(slot, counter_file::no_slot);
  EXPECT_EQ(claim(slot), what);
  EXPECT_EQ(claim(slot), what) << "finding changes nothing";
  EXPECT_EQ(claim(slot, id + 1), std::nullopt);
  EXPECT_EQ(claim(slot + 1), std::nullopt);
  EXPECT_EQ(claim(0), std::nullopt);
  EXPECT_EQ(claim(5), std::nullopt);
  EXPECT_EQ(claim(0xffffffff), std::nullopt);
  EXPECT_EQ(claim(slot, id, "another boot"), std::nullopt);
  EXPECT_EQ(claim(slot), std::nullopt) << "it was of another boot meanwhile";
}

// By its inode alone it could not be told: a file system may give that of a removed file to the next one.
TEST_F(counters, a_file_has_another_identity_when_it_is_made_anew) {
  const auto identity = [this](std::string_view in) {
    return counter_file(directory_.path(), in).identity();
  };
  const auto first = identity(boot);
  EXPECT_NE(first, 0U);
  EXPECT_EQ(identity(boot), first);
  EXPECT_EQ(identity("another boot"), first);
  std::filesystem::copy_file(path(), directory_.path("copy"));
  std::filesystem::rename(directory_.path("copy"), path());
  EXPECT_NE(identity(boot), first) << "another file";
  const auto second = identity(boot);
  std::filesystem::remove(path());
  EXPECT_NE(identity(boot), second);
}

TEST_F(counters, tell_a_slot_that_was_let_go_of_from_one_of_another_boot) {
  std::uint64_t era = 0;
  {
    counter_file file(directory_.path(), boot);
    era = file.era();
    EXPECT_NE(era, 0U);
    const auto slot = file.acquire();
    file.write(slot, id, {5, {}});
    EXPECT_FALSE(file.was_let_go(slot, id, era));
    EXPECT_TRUE(file.was_let_go(slot, id + 1, era));
    EXPECT_FALSE(file.was_let_go(slot, id + 1, 0));
    EXPECT_FALSE(file.was_let_go(0, id, era));
    file.release(slot);
    EXPECT_TRUE(file.was_let_go(slot, id, era));
  }
  EXPECT_EQ(counter_file(directory_.path(), boot).era(), era);
  const auto slot = counter_file(directory_.path(), boot).acquire();
  EXPECT_TRUE(counter_file(directory_.path(), boot).was_let_go(slot, id, era));
  EXPECT_FALSE(counter_file(directory_.path(), "another boot").was_let_go(slot, id, era));
  EXPECT_FALSE(counter_file(directory_.path(), boot).was_let_go(slot, id, era))
      << "what was before is unknown";
}

TEST_F(counters, the_newest_of_many_counts_and_goes_on) {
  counter_file file(directory_.path(), boot);
  const auto slot = file.acquire();
  for (std::uint64_t n = 0; n < 100; ++n) {
    file.write(slot, id, {n, replay_window(n, n)});
    EXPECT_EQ(claim(slot)->write_next, n);
  }
  counter_file next(directory_.path(), boot);
  EXPECT_EQ(next.claim(slot, id)->write_next, 99U);
  EXPECT_EQ(next.claim(slot, id), std::nullopt) << "one has it";
  next.write(slot, id, {100, {}});
  EXPECT_EQ(claim(slot)->write_next, 100U);
}

TEST_F(counters, a_released_slot_is_empty_and_used_again) {
  counter_file file(directory_.path(), boot);
  const auto first = file.acquire();
  const auto second = file.acquire();
  EXPECT_NE(first, second);
  file.write(first, id, {5, {}});
  file.release(first);
  EXPECT_EQ(claim(first), std::nullopt);
  EXPECT_EQ(file.acquire(), first);
  EXPECT_EQ(claim(first), std::nullopt);
}

TEST_F(counters, a_claimed_slot_is_not_given_to_another) {
  const auto slot = write({5, {}});
  counter_file file(directory_.path(), boot);
  EXPECT_TRUE(file.claim(slot, id));
  EXPECT_NE(file.acquire(), slot);
  counter_file other(directory_.path(), boot);
  EXPECT_EQ(other.acquire(), slot) << "nobody claimed it";
}

// A process that dies has written a part of the words of one copy.
TEST_F(counters, that_are_half_written_are_those_before) {
  const sequence_counters before{1000, replay_window(300, 0xff00ff)};
  const sequence_counters after{1001, replay_window(301, 0x1fe01ff)};
  const auto slot = write(before);
  const auto old = read_file(path());
  {
    counter_file file(directory_.path(), boot);
    ASSERT_TRUE(file.claim(slot, id));
    file.write(slot, id, after);
  }
  const auto done = read_file(path());
  const auto at = slot * counter_file::slot_bytes;
  for (std::size_t written = 0; written <= counter_file::slot_bytes; ++written) {
    auto torn = old;
    torn.replace(at, written, done, at, written);
    write_file(path(), torn);
    const auto found = claim(slot);
    ASSERT_TRUE(found) << written;
    EXPECT_TRUE(*found == before || *found == after) << written;
    EXPECT_TRUE(written != 0 || *found == before);
    EXPECT_TRUE(written != counter_file::slot_bytes || *found == after);
  }
}

TEST_F(counters, every_flipped_bit_of_a_slot_is_noticed) {
  const sequence_counters what{1000, replay_window(300, 0xff00ff)};
  const auto slot = write(what);
  std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
  const auto flip = [&](std::size_t bit) {
    const auto at = static_cast<std::streamoff>(slot * counter_file::slot_bytes + bit / 8);
    const auto byte = static_cast<unsigned char>(file.seekg(at).get());
    file.seekp(at).put(static_cast<char>(byte ^ 1U << bit % 8)).flush();
  };
  for (std::size_t bit = 0; bit < 8 * counter_file::slot_bytes; ++bit) {
    flip(bit);
    const auto found = claim(slot);
    EXPECT_TRUE(!found || *found == what) << bit;
    flip(bit);
  }
  EXPECT_EQ(claim(slot), what);
}

TEST_F(counters, a_file_that_cannot_be_used_is_made_anew) {
  const auto whole_slot = write({5, {}});
  const auto whole = read_file(path());
  const auto whole_identity = counter_file(directory_.path(), boot).identity();
  const struct {
    const char* what;
    std::function<void()> make;
  } cases[] = {
      {"empty", [&] { write_file(path(), ""); }},
      {"short", [&] { write_file(path(), whole.substr(0, 100)); }},
      {"not whole chunks", [&] { write_file(path(), whole.substr(0, whole.size() - 1)); }},
      {"foreign", [&] { write_file(path(), std::string(70'000, 'x')); }},
      {"newer",
       [&] {
         auto newer = whole;
         ++newer[8];
         write_file(path(), newer);
       }},
      {"damaged header",
       [&] {
         auto bad = whole;
         bad[20] = '?';
         write_file(path(), bad);
       }},
      {"symbolic link",
       [&] {
         std::filesystem::remove(path());
         write_file(directory_.path("target"), whole);
         std::filesystem::create_symlink(directory_.path("target"), path());
       }},
      {"symbolic link to nothing",
       [&] {
         std::filesystem::remove(path());
         std::filesystem::create_symlink(directory_.path("nothing"), path());
       }},
      {"two names", [&] { std::filesystem::create_hard_link(path(), directory_.path("second")); }},
      {"pipe",
       [&] {
         std::filesystem::remove(path());
         ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
       }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.what);
    std::filesystem::remove(path());
    write_file(path(), whole);
    c.make();
    counter_file file(directory_.path(), boot);
    EXPECT_EQ(file.trouble(), "");
    const bool is_cut_behind_slots = std::string_view(c.what) == "not whole chunks";
    EXPECT_EQ(file.claim(whole_slot, id).has_value(), is_cut_behind_slots);
    const auto slot = file.acquire();
    ASSERT_NE(slot, counter_file::no_slot);
    file.write(slot, id, {9, {}});
    EXPECT_EQ(claim(slot)->write_next, 9U);
    struct stat status {};
    ASSERT_EQ(::lstat(path().c_str(), &status), 0);
    EXPECT_TRUE(S_ISREG(status.st_mode));
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_NE(file.identity(), 0U);
    EXPECT_TRUE(is_cut_behind_slots || file.identity() != whole_identity);
  }
  EXPECT_EQ(read_file(directory_.path("target")), whole) << "nothing is written through a link";
}

TEST_F(counters, without_a_file_there_are_no_slots) {
  std::filesystem::create_directory(path());
  counter_file file(directory_.path(), boot);
  EXPECT_NE(file.trouble(), "");
  EXPECT_EQ(file.acquire(), counter_file::no_slot);
  EXPECT_EQ(file.claim(33, id), std::nullopt);
  EXPECT_EQ(file.identity(), 0U);
  file.set_generation(5);
}

TEST_F(counters, grow_by_chunks_up_to_a_limit) {
  std::uint32_t last = 0;
  {
    counter_file file(directory_.path(), boot);
    std::size_t slots = 0;
    for (auto slot = file.acquire(); slot != counter_file::no_slot; slot = file.acquire(), ++slots) {
      file.write(slot, id + slot, {slot, {}});
      last = slot;
    }
    EXPECT_EQ(slots, (counter_file::max_chunks * counter_file::chunk_bytes - counter_file::first_slot_at) /
                             counter_file::slot_bytes -
                         1);
  }
  counter_file again(directory_.path(), boot);
  EXPECT_EQ(again.claim(last, id + last)->write_next, last);
  EXPECT_EQ(again.claim(600, id + 600)->write_next, 600U);
}

TEST_F(counters, the_generation_survives_the_boot) {
  {
    counter_file file(directory_.path(), boot);
    EXPECT_EQ(file.found_generation(), std::nullopt);
    file.set_generation(7);
    file.set_generation(8);
  }
  EXPECT_EQ(counter_file(directory_.path(), boot).found_generation(), 8U);
  EXPECT_EQ(counter_file(directory_.path(), "another boot").found_generation(), 8U);
  {
    counter_file file(directory_.path(), "a third boot");
    file.set_generation(9);
  }
  EXPECT_EQ(counter_file(directory_.path(), boot).found_generation(), 9U);
}

TEST_F(counters, a_boot_is_told_by_the_kernel_or_the_service_manager_or_is_never_another) {
  const auto kernel = directory_.path("boot_id");
  const std::string plain(32, '7');
  write_file(kernel, "77777777-7777-7777-7777-777777777777\n");
  EXPECT_EQ(counter_file::this_boot(kernel, nullptr), plain);
  EXPECT_EQ(counter_file::this_boot(kernel, "88888888888888888888888888888888"), plain);
  const auto none = directory_.path("none");
  EXPECT_EQ(counter_file::this_boot(none, plain.c_str()), plain);
  for (const char* told : {static_cast<const char*>(nullptr), "", "%b", "7777"}) {
    const auto random = counter_file::this_boot(none, told);
    EXPECT_EQ(random.size(), 32U);
    EXPECT_NE(random, counter_file::this_boot(none, told));
  }
  EXPECT_EQ(counter_file::this_boot(), counter_file::this_boot());
}

TEST(counters_on_a_full_disk, are_none_but_never_a_signal) {
  const temporary_directory directory;
  const auto outcome = succeeds_on_tmpfs(directory.path(), "size=160k,mode=700", [&] {
    {
      counter_file file(directory.path(), boot);
      std::size_t slots = 0;
      for (auto slot = file.acquire(); slot != counter_file::no_slot; slot = file.acquire(), ++slots)
        file.write(slot, id, {1, {}});
      EXPECT_EQ(slots, 2 * 512U - 33U) << "two chunks";
      EXPECT_NE(file.trouble(), "");
    }
    // What another program made with holes in it gets its space at once, or is not used.
    std::filesystem::remove(directory.path(std::string(counter_file::name)));
    write_file(directory.path("ballast"), std::string(std::size_t{120} * 1024, 'b'));
    write_file(directory.path(std::string(counter_file::name)), "");
    std::filesystem::resize_file(directory.path(std::string(counter_file::name)), 1 << 20);
    counter_file sparse(directory.path(), boot);
    EXPECT_EQ(sparse.acquire(), counter_file::no_slot);
    EXPECT_EQ(sparse.identity(), 0U) << "it keeps no generation";
    EXPECT_NE(sparse.trouble(), "");
  });
  if (!outcome) GTEST_SKIP() << "this system does not let us mount";
  EXPECT_TRUE(*outcome);
}

}  // namespace
}  // namespace tlsmodem::test

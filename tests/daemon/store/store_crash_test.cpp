// A daemon that is killed while it writes: what was told to be done is there, and nothing is there by halves.
#include "daemon/store/store.hpp"
#include "store_fixture.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>

namespace tlsmodem::test {
namespace {

constexpr int rows_of_a_submit = 3;
constexpr int names = 40;  // used again and again, so that rows are replaced too

std::string content_of(int number) {
  return std::to_string(number) + std::string(static_cast<std::size_t>(number % 3000), 'c');
}

// Several submits are on their way at any time; the number of each that is done goes to the pipe.
class writer {
 public:
  writer(const std::string& directory, int first, int pipe)
      : store_(io_, directory, std::nullopt), next_(first), pipe_(pipe) {}

  [[noreturn]] void run() {
    if (!store_.start()) ::_exit(1);
    for (int i = 0; i < 4; ++i) submit();
    for (;;) {
      io_.restart();
      io_.run_for(std::chrono::seconds(1));
    }
  }

 private:
  void submit() {
    const int number = next_++;
    std::vector<store::change> all;
    for (int i = 0; i < rows_of_a_submit; ++i)
      all.push_back(
          put("row" + std::to_string(number % names) + "." + std::to_string(i), content_of(number)));
    store_.submit(std::move(all), [this, number](const auto& wrong) {
      if (wrong || ::write(pipe_, &number, sizeof number) != sizeof number) ::_exit(1);
      submit();
    });
  }

  boost::asio::io_context io_;
  store::store store_;
  int next_;
  int pipe_;
};

struct kill_outcome {
  int last_done = -1;
  bool was_killed = false;
};

// The moment of the kill: behind so many more answers, and somewhere in the work on the next ones.
struct moment {
  unsigned answers = 0;
  unsigned turns = 0;
};

kill_outcome write_and_kill(const store_place& place, int first, moment when) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    writer(place.path(), first, ends[1]).run();
  }
  ::close(ends[1]);
  kill_outcome seen;
  if (child <= 0) {
    // A signal to -1 would be one to every process of the machine.
    ADD_FAILURE() << "fork: " << std::strerror(errno);
    ::close(ends[0]);
    return seen;
  }
  int number = 0;
  // The first one tells that it has started.
  for (unsigned i = 0; i <= when.answers; ++i)
    if (::read(ends[0], &number, sizeof number) == sizeof number) seen.last_done = number;
  for (volatile unsigned turns = when.turns; turns > 0;) turns = turns - 1;
  ::kill(child, SIGKILL);
  while (::read(ends[0], &number, sizeof number) == sizeof number) seen.last_done = number;
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  seen.was_killed = WIFSIGNALED(status);
  return seen;
}

// The newest number of each name that is whole; fails on a half one.
std::map<int, int> numbers_in(const store_place& place) {
  auto opened = store::database::open(place.path(), secret_of(read_file(place.path("store.key"))));
  auto found = opened.load();
  EXPECT_TRUE(found) << opened.trouble();
  EXPECT_FALSE(opened.is_new());
  std::map<int, std::set<std::string>> contents;
  std::map<int, int> counts;
  if (!found) return {};
  EXPECT_EQ(found->damaged_rows, 0U);
  for (const auto& each : found->rows) {
    const int name = std::atoi(each.name.c_str() + 3);
    contents[name].insert(std::string(as_text(each.content.view())));
    ++counts[name];
  }
  std::map<int, int> numbers;
  for (const auto& [name, all] : contents) {
    EXPECT_EQ(all.size(), 1U) << "half a submit in name " << name;
    EXPECT_EQ(counts[name], rows_of_a_submit);
    const int number = std::atoi(all.begin()->c_str());
    EXPECT_EQ(*all.begin(), content_of(number));
    numbers[name] = number;
  }
  return numbers;
}

TEST(store_crash, loses_nothing_that_was_told_to_be_done) {
  const store_place place;
  std::mt19937 random(1);
  int last_done = -1;
  for (int round = 0; round < 100 && !::testing::Test::HasFailure(); ++round) {
    const auto seen =
        write_and_kill(place, last_done + 1,
                       {static_cast<unsigned>(random() % 24), static_cast<unsigned>(random() % 400'000)});
    ASSERT_TRUE(seen.was_killed);
    ASSERT_GT(seen.last_done, last_done);
    last_done = seen.last_done;
    const auto numbers = numbers_in(place);
    for (int number = std::max(0, last_done - names + 1); number <= last_done; ++number) {
      ASSERT_TRUE(numbers.contains(number % names)) << number;
      EXPECT_GE(numbers.at(number % names), number) << "round " << round;
    }
    // What was written without having been told is skipped by no one: the next round writes it again.
  }
}

}  // namespace
}  // namespace tlsmodem::test

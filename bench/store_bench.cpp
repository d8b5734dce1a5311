// Durable writes through the store, next to what the disk itself takes: a write of 1 KiB into a file that has
// its blocks already, and fdatasync(). Both take turns in one run; the counter "ratio" is the mean time of
// the store for a row over the mean of the disk. The directory is that of TMPDIR: a tmpfs measures nothing.
#include "daemon/store/store.hpp"
#include "tests/support/process.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <benchmark/benchmark.h>
#include <boost/asio/executor_work_guard.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace tlsmodem::bench {
namespace {

using clock = std::chrono::steady_clock;
using microseconds = std::chrono::duration<double, std::micro>;

constexpr std::size_t row_bytes = 1024;
constexpr std::size_t names = 1000;

double percentile(std::vector<double>& values, std::size_t percent) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, values.size() * percent / 100)];
}

// The floor: no store can be faster for one write that must be on the disk.
class preallocated_file {
 public:
  explicit preallocated_file(const std::string& path) : file_(::open(path.c_str(), O_RDWR | O_CREAT, 0600)) {
    const bytes zeros(file_bytes, 0);
    if (::write(file_, zeros.data(), zeros.size()) > 0) ::fsync(file_);
  }
  ~preallocated_file() { ::close(file_); }
  preallocated_file(const preallocated_file&) = delete;
  preallocated_file& operator=(const preallocated_file&) = delete;

  double write_once() {
    const auto begin = clock::now();
    benchmark::DoNotOptimize(::pwrite(file_, row_.data(), row_.size(), static_cast<off_t>(offset_)));
    ::fdatasync(file_);
    offset_ = (offset_ + row_bytes) % file_bytes;
    return microseconds(clock::now() - begin).count();
  }

 private:
  static constexpr std::size_t file_bytes = std::size_t{4} * 1024 * 1024;
  int file_;
  std::size_t offset_ = 0;
  bytes row_ = bytes(row_bytes, 'x');
};

class store_in_use {
 public:
  explicit store_in_use(const std::string& directory) : store_(io_, directory, std::nullopt) {
    is_good_ = static_cast<bool>(store_.start());
  }
  bool is_good() const { return is_good_; }
  std::uint64_t commits() const { return store_.commits(); }

  void submit(std::vector<double>& latencies) {
    std::vector<store::change> changes;
    changes.push_back({store::table::sessions, 1000, "row" + std::to_string(next_++ % names),
                       secret(bytes(row_bytes, 'x'))});
    ++in_flight_;
    store_.submit(std::move(changes), [this, &latencies, begin = clock::now()](const auto& wrong) {
      latencies.push_back(microseconds(clock::now() - begin).count());
      is_good_ = is_good_ && !wrong;
      --in_flight_;
    });
  }
  // Until fewer than so many are on their way.
  void wait_below(std::size_t count) {
    while (in_flight_ >= count) io_.run_one();
  }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  store::store store_;
  bool is_good_ = false;
  std::size_t next_ = 0;
  std::size_t in_flight_ = 0;
};

void durable_writes(benchmark::State& state) {
  const auto in_flight = static_cast<std::size_t>(state.range(0));
  const test::temporary_directory directory;
  store_in_use user(directory.path());
  preallocated_file file(directory.path("floor"));
  std::vector<double> latencies;
  std::vector<double> floor;
  clock::duration spent{};
  const auto commits_before = user.commits();
  for (auto _ : state) {
    const auto begin = clock::now();
    user.submit(latencies);
    user.wait_below(in_flight);
    const auto taken = clock::now() - begin;
    spent += taken;
    state.SetIterationTime(std::chrono::duration<double>(taken).count());
    // With more on their way, the two would wait for each other.
    if (in_flight == 1) floor.push_back(file.write_once());
  }
  const auto begin = clock::now();
  user.wait_below(1);
  spent += clock::now() - begin;
  if (!user.is_good()) return state.SkipWithError("the store does not work");
  while (floor.size() < 1000) floor.push_back(file.write_once());

  const auto count = static_cast<double>(latencies.size());
  const double seconds = std::chrono::duration<double>(spent).count();
  state.counters["rows/s"] = count / seconds;
  state.counters["p50_us"] = percentile(latencies, 50);
  state.counters["p99_us"] = percentile(latencies, 99);
  state.counters["rows_per_commit"] = count / static_cast<double>(user.commits() - commits_before);
  state.counters["disk_p50_us"] = percentile(floor, 50);
  const double floor_mean =
      std::accumulate(floor.begin(), floor.end(), 0.0) / static_cast<double>(floor.size());
  state.counters["ratio"] = 1e6 * seconds / count / floor_mean;
}

BENCHMARK(durable_writes)
    ->ArgName("in_flight")
    ->Arg(1)
    ->Arg(16)
    ->Arg(256)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tlsmodem::bench

BENCHMARK_MAIN();

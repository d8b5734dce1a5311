// The durable store behind the event loop: one thread writes what it is given, in order, everything that
// waits in one transaction.
//
//   start() ▶ (event loop: submit() …) ▶ stop()
//
// The owners of the rows hold them in memory and read them from here only once. Without a working disk the
// daemon works on: start() succeeds with `trouble`, submit() fails, and the file is tried again before each
// write and every few seconds; on_reopened() tells when it works.
#pragma once

#include "database.hpp"
#include "protocol/result.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tlsmodem::store {

struct opening {
  std::vector<row> rows;
  std::size_t damaged_rows = 0;
  bool is_new = false;  // the file was made anew: what was written before is not in it
  std::string trouble;  // empty: ready
};

class store {
 public:
  using completion = std::function<void(std::optional<at::failure>)>;
  // A submit beyond it fails at once.
  static constexpr std::size_t max_waiting_bytes = std::size_t{16} * 1024 * 1024;

  struct timing {
    std::chrono::milliseconds retry = std::chrono::seconds(10);  // between attempts while there is trouble
    std::chrono::milliseconds patience = database::default_patience;
  };

  // Without a key file, the key is in the directory. `io` must outlive the store.
  store(boost::asio::io_context& io, std::string directory, std::optional<std::string> key_file);
  store(boost::asio::io_context& io, std::string directory, std::optional<std::string> key_file,
        timing times);
  ~store();  // stops
  store(const store&) = delete;
  store& operator=(const store&) = delete;

  // Blocking; before the event loop runs. Fails only for what a person has to mend before a daemon can run:
  // the directory is refused or used by another daemon, the key file is unusable, the file is of a newer
  // version. Everything else starts with `trouble` (and the rows, when they can at least be read).
  at::result<opening> start();

  // Called on the io_context when a store in trouble became ready. `rows` is what the file holds when that
  // was never told before (of this file). With `is_new`, the owners must write everything again.
  void on_reopened(std::function<void(opening)> handler);

  // All or nothing. `done` is called on the io_context, never from within this call, when the changes are on
  // the disk; or with the reason: store_unavailable, or incorrect_parameters for a change that no file would
  // take. Order is kept. Never blocks. Once the store is destroyed, no `done` is called any more.
  void submit(std::vector<change> changes, completion done);

  // Blocks until what was submitted is on the disk, or has failed. False when the store is in trouble: what
  // comes next would fail too. For the end, when nothing else waits for the event loop.
  bool settle();

  // Writes what was submitted, closes the file, ends the thread. What completed is still posted.
  void stop();

  // Empty while writes work, as far as the event loop was told.
  const std::string& trouble() const;

  // How many transactions were committed. For tests and benchmarks; from any thread.
  std::uint64_t commits() const;

 private:
  class worker;
  std::unique_ptr<worker> worker_;
};

}  // namespace tlsmodem::store

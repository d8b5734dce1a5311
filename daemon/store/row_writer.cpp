#include "row_writer.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <utility>

namespace tlsmodem {
namespace {

// For a store that refuses without being in trouble: too much is waiting already.
constexpr std::chrono::seconds retry_interval{1};
constexpr std::size_t max_batch_bytes = std::size_t{1024} * 1024;

}  // namespace

row_writer::row_writer(boost::asio::io_context& io, store::store& store, row_owner& rows)
    : io_(io), store_(store), rows_(rows), retry_(io) {
  rows_.on_changes([this] { flush_soon(); });
}

void row_writer::load(const store::opening& opened) {
  rows_.store_works(opened.trouble.empty());
  rows_.load(opened.rows);
  if (opened.is_new) rows_.write_all_again();
  is_retrying_ = false;
  flush_soon();
}

// A handshake changes a row several times in one turn; that is one write.
void row_writer::flush_soon() {
  boost::asio::post(io_, [this] { flush(); });
}

// One batch at a time: these rows must not fill the store's queue, in which others wait for an answer.
void row_writer::flush() {
  if (!store_.trouble().empty()) rows_.store_works(false);
  rows_.tell();
  if (is_writing_ || is_retrying_ || !store_.trouble().empty()) return;  // load() comes when it has ended
  auto changes = rows_.take_changes(max_batch_bytes);
  if (!changes.empty()) submit(std::move(changes));
}

void row_writer::submit(std::vector<store::change> changes) {
  names rows;
  rows.reserve(changes.size());
  for (const auto& change : changes) rows.emplace_back(change.user, change.name);
  is_writing_ = true;
  store_.submit(std::move(changes), [this, batch = rows_.batch(),
                                     rows = std::move(rows)](const std::optional<at::failure>& wrong) {
    is_writing_ = false;
    if (wrong) return retry_later(rows);
    rows_.written(batch, rows);
    flush();
  });
}

void row_writer::finish() {
  if (!store_.trouble().empty()) return;
  // One batch at a time, as before: all at once may be more than the store takes.
  while (store_.settle()) {
    auto changes = rows_.take_changes(max_batch_bytes);
    if (changes.empty()) return;
    store_.submit(std::move(changes), [](const std::optional<at::failure>&) {});
  }
}

void row_writer::retry_later(const names& unwritten) {
  rows_.put_back(unwritten);
  is_retrying_ = true;
  retry_.expires_after(retry_interval);
  retry_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    is_retrying_ = false;
    flush();
  });
}

}  // namespace tlsmodem

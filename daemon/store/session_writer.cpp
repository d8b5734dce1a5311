#include "session_writer.hpp"

#include "daemon/support/log.hpp"

#include <boost/asio/post.hpp>

#include <chrono>

namespace tlsmodem {
namespace {

// For a store that refuses without being in trouble: too much is waiting already.
constexpr std::chrono::seconds retry_interval{1};
constexpr std::size_t max_batch_bytes = std::size_t{1024} * 1024;

}  // namespace

session_writer::session_writer(boost::asio::io_context& io, store::store& rows, session_store& sessions)
    : io_(io), store_(rows), sessions_(sessions), retry_(io) {
  sessions_.on_changes([this] { flush_soon(); });
}

void session_writer::load(const store::opening& opened) {
  if (const auto refused = sessions_.load(opened.rows); refused > 0)
    log(level::warning, "stored sessions that cannot be read were dropped", {{"count", refused}});
  if (opened.is_new) sessions_.write_all_again();
  flush_soon();
}

// A handshake changes a handle several times in one turn; that is one write.
void session_writer::flush_soon() {
  boost::asio::post(io_, [this] { flush(); });
}

// One batch at a time: sessions must not fill the store's queue, in which others wait for an answer.
void session_writer::flush() {
  if (is_writing_ || !store_.trouble().empty()) return;  // load() comes when it has ended
  auto changes = sessions_.take_changes(max_batch_bytes);
  if (changes.empty()) return;
  names written;
  written.reserve(changes.size());
  for (const auto& change : changes) written.emplace_back(change.user, change.name);
  is_writing_ = true;
  store_.submit(std::move(changes),
                [this, written = std::move(written)](const std::optional<at::failure>& wrong) {
                  is_writing_ = false;
                  if (wrong) return retry_later(written);
                  flush();
                });
}

void session_writer::finish() {
  if (!store_.trouble().empty()) return;
  for (auto changes = sessions_.take_changes(max_batch_bytes); !changes.empty();
       changes = sessions_.take_changes(max_batch_bytes))
    store_.submit(std::move(changes), [](const std::optional<at::failure>&) {});
}

void session_writer::retry_later(const names& unwritten) {
  sessions_.put_back(unwritten);
  retry_.expires_after(retry_interval);
  retry_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) flush();
  });
}

}  // namespace tlsmodem

// Writes changed rows behind the event loop. Nobody waits for it here: who has to know when a row is on the
// disk is told by the owner of the rows. While the store is in trouble, the changes wait in memory.
#pragma once

#include "row_owner.hpp"
#include "store.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace tlsmodem {

class row_writer {
 public:
  // All three must outlive this object, and the store must call nothing back after its end.
  row_writer(boost::asio::io_context& io, store::store& store, row_owner& rows);

  // The rows of an opened store.
  void load(const store::opening& opened);
  // Writes all that is due now, and blocks meanwhile: the daemon stops.
  void finish();

 private:
  using names = std::vector<row_owner::row_name>;
  void flush();
  void flush_soon();
  void submit(std::vector<store::change> changes);
  void retry_later(const names& unwritten);

  boost::asio::io_context& io_;
  store::store& store_;
  row_owner& rows_;
  boost::asio::steady_timer retry_;
  bool is_writing_ = false;
  bool is_retrying_ = false;
};

}  // namespace tlsmodem

// Writes changed sessions behind the event loop. Nobody waits for it: a session that did not reach the disk
// costs a full handshake after a crash, no more. While the store is in trouble, the changes wait in memory.
#pragma once

#include "session_store.hpp"
#include "store.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace tlsmodem {

class session_writer {
 public:
  // All three must outlive this object, and the store must call nothing back after its end.
  session_writer(boost::asio::io_context& io, store::store& rows, session_store& sessions);

  // The rows of an opened store; logs how many did not parse.
  void load(const store::opening& opened);
  // Submits all that is due now: the daemon stops.
  void finish();

 private:
  using names = std::vector<std::pair<session_store::user_id, std::string>>;
  void flush();
  void flush_soon();
  void retry_later(const names& unwritten);

  boost::asio::io_context& io_;
  store::store& store_;
  session_store& sessions_;
  boost::asio::steady_timer retry_;
  bool is_writing_ = false;
};

}  // namespace tlsmodem

// Names to addresses by getaddrinfo(), off the event loop, in a bounded number of threads: a name server that
// does not answer delays other names at worst, never a socket.
#pragma once

#include "endpoint.hpp"
#include "protocol/result.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tlsmodem::net {

class resolver {
 public:
  using addresses = at::result<std::vector<std::string>>;
  using handler = std::function<void(addresses)>;

  resolver(boost::asio::io_context& io, unsigned max_threads);
  // Questions that are still asked are abandoned, not waited for: getaddrinfo() cannot be interrupted.
  ~resolver();
  resolver(const resolver&) = delete;
  resolver& operator=(const resolver&) = delete;

  // Calls `done` from the io_context, never from within this call. Numeric addresses need no thread. An
  // abandoned `done` may be destroyed in another thread: it should hold its owner weakly. Errors: 800 with
  // the resolver's reason; 815 when too many names are already waiting or no thread is to be had.
  void resolve(const std::string& host, address_family family, handler done);

 private:
  struct shared_state;
  bool start_thread();
  static void work(const std::shared_ptr<shared_state>& state);
  std::shared_ptr<shared_state> state_;
};

}  // namespace tlsmodem::net

// Listens on a Unix socket, its own or one that systemd handed over, and gives connections to its owner.
#pragma once

#include "peer_identity.hpp"
#include "protocol/result.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace tlsmodem {

class acceptor {
 public:
  using protocol = boost::asio::local::stream_protocol;
  using accept_handler = std::function<void(protocol::socket)>;

  // Makes the socket file with this mode and group (empty: the process's own). A stale file, to which nobody
  // listens, is replaced; a live one is an error, and so is a file that is no socket.
  static at::result<std::unique_ptr<acceptor>> listen(boost::asio::io_context& io, const std::string& path,
                                                      std::uint32_t mode, const std::string& group);
  // `fd` listens already; it is owned from here on.
  static at::result<std::unique_ptr<acceptor>> adopt(boost::asio::io_context& io, int fd);

  ~acceptor();
  acceptor(const acceptor&) = delete;
  acceptor& operator=(const acceptor&) = delete;

  void start(accept_handler on_accept);
  void stop();

 private:
  explicit acceptor(boost::asio::io_context& io) : listener_(io), back_off_(io) {}
  void remove_file() const;
  void accept_next();
  void wait_out_shortage(const boost::system::error_code& shortage);

  protocol::acceptor listener_;
  boost::asio::steady_timer back_off_;
  // Of a socket file of our own, to be removed at the end; empty: no file to remove.
  std::string path_;
  std::uint64_t device_ = 0;
  std::uint64_t inode_ = 0;
  accept_handler on_accept_;
  bool is_shortage_told_ = false;
};

}  // namespace tlsmodem

// UDP sockets that nobody uses any more, but whose peer may still answer the last datagram: they keep their
// port for a moment, so that the kernel does not meet the answer with an ICMP error. What comes is dropped.
//
// One for each io_context. Their number is bounded, and a new socket that wants the port gets it.
#pragma once

#include "transport.hpp"

#include <boost/asio/execution_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

namespace tlsmodem::net {

class lingering_sockets final : public boost::asio::execution_context::service {
 public:
  // Beyond it, the one that has waited for longest is closed: who opens and closes sockets in a loop does not
  // make the daemon hold any number of them.
  static constexpr std::size_t most = 256;

  static boost::asio::execution_context::id id;
  explicit lingering_sockets(boost::asio::execution_context& context) : service(context) {}
  static lingering_sockets& of(boost::asio::execution_context& context) {
    return boost::asio::use_service<lingering_sockets>(context);
  }

  // A connected socket, no operation of which is under way.
  void add(boost::asio::ip::udp::socket socket, const awaited_answer& answer);
  // Closes those that have this local port. False: there was none.
  bool give_up(std::uint16_t port);
  std::size_t size() const { return waiting_.size(); }

 private:
  struct one;

  void shutdown() noexcept override { waiting_.clear(); }
  void wait(const std::shared_ptr<one>& which);
  void end(one& which);

  std::list<std::shared_ptr<one>> waiting_;  // the oldest first
};

}  // namespace tlsmodem::net

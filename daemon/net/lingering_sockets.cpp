#include "lingering_sockets.hpp"

#include "socket_base.hpp"

#include <boost/asio/steady_timer.hpp>

#include <utility>

namespace tlsmodem::net {

using boost::asio::ip::udp;
using boost::system::error_code;

boost::asio::execution_context::id lingering_sockets::id;

struct lingering_sockets::one {
  one(udp::socket given, const awaited_answer& awaited)
      : socket(std::move(given)), limit(socket.get_executor(), awaited.patience), answer(awaited) {}

  void close() {
    error_code ignored;
    limit.cancel();
    socket.close(ignored);
  }

  // Whether the wait is over.
  bool read() {
    const auto buffer = shared_read_buffer();
    for (int i = 0; i < datagrams_per_turn; ++i) {
      error_code error;
      const auto size = socket.receive(boost::asio::buffer(buffer.data(), buffer.size()), 0, error);
      if (error) return error != boost::asio::error::would_block && error != boost::asio::error::interrupted;
      if (answer.is_it(bytes_view(buffer.data(), size))) return true;
    }
    return false;
  }

  udp::socket socket;
  boost::asio::steady_timer limit;
  const awaited_answer answer;
};

void lingering_sockets::add(udp::socket socket, const awaited_answer& answer) {
  if (waiting_.size() == most) end(*waiting_.front());
  const auto& added = waiting_.emplace_back(std::make_shared<one>(std::move(socket), answer));
  added->limit.async_wait([this, weak = std::weak_ptr(added)](const error_code& cancelled) {
    const auto which = weak.lock();
    if (!cancelled && which) end(*which);
  });
  wait(added);
}

void lingering_sockets::wait(const std::shared_ptr<one>& which) {
  which->socket.async_wait(udp::socket::wait_read,
                           [this, weak = std::weak_ptr(which)](const error_code& error) {
                             const auto readable = weak.lock();
                             if (error || !readable || !readable->socket.is_open()) return;
                             if (readable->read()) return end(*readable);
                             wait(readable);
                           });
}

void lingering_sockets::end(one& which) {
  which.close();
  std::erase_if(waiting_, [&which](const auto& each) { return each.get() == &which; });
}

bool lingering_sockets::give_up(std::uint16_t port) {
  return std::erase_if(waiting_, [port](const std::shared_ptr<one>& each) {
           if (local_of(each->socket).port != port) return false;
           each->close();
           return true;
         }) > 0;
}

}  // namespace tlsmodem::net

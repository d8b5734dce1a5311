#include "lingering_sockets.hpp"
#include "socket_base.hpp"
#include "transport.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/ip/udp.hpp>

#include <utility>

namespace tlsmodem::net {
namespace {

using boost::asio::ip::udp;
using boost::system::error_code;

class udp_transport final : public transport, public std::enable_shared_from_this<udp_transport> {
 public:
  udp_transport(boost::asio::io_context& io, socket_options options, transport_observer& observer)
      : io_(io), socket_(io), strangers_(io), options_(std::move(options)), observer_(&observer) {}

  std::optional<at::failure> bind(const endpoint& local) override {
    auto wrong = bind_socket(socket_, local, options_);
    // Who waits for a last word makes room.
    if (wrong && wrong->code == at::error::address_in_use && lingering_sockets::of(io_).give_up(local.port))
      wrong = bind_socket(socket_, local, options_);
    return wrong;
  }

  endpoint local() const override { return local_of(socket_); }

  // A connected UDP socket hears of ICMP errors, and of no other peer.
  void connect(const endpoint& remote) override {
    remote_ = remote;
    error_code error;
    const auto address = parse_address(remote.address, error);
    may_hold_strangers_ = socket_.is_open();
    if (!error && !socket_.is_open()) error = open_socket(socket_, address.is_v6(), options_);
    if (!error) socket_.connect({address, remote.port}, error);
    if (error) {
      observer_->on_connect_failed(failure_of(error));
      return;
    }
    const auto local = to_endpoint(socket_.local_endpoint(error));
    is_up_ = true;
    wait_readable();
    observer_->on_up(local, remote, path_limit(address.is_v6()));
  }

  // A second socket on the same port: the kernel gives the connected one what comes from its peer, and this
  // one everything else. So the peer's ICMP errors are still told, and the port stays the same when it moves.
  void receive_from_anywhere() override {
    if (strangers_.is_open()) return;
    error_code error;
    const auto local = socket_.local_endpoint(error);
    if (!error) error = open_socket(strangers_, local.address().is_v6(), options_);
    if (!error) share_port(true);
    if (!error) strangers_.bind(local, error);
    share_port(false);
    if (error) return close_socket(strangers_);
    wait_for_strangers();
  }

  bool move_to(const endpoint& remote) override {
    error_code error;
    const auto address = parse_address(remote.address, error);
    if (!error) socket_.connect({address, remote.port}, error);
    if (!error) remote_ = remote;
    return !error;
  }

  void flush(packet_queue& queue) override {
    while (observer_ != nullptr && !waiting_writable_ && !queue.empty()) {
      const auto datagram = queue.front();
      auto error = send(datagram);
      // An ICMP error that waited on the socket is told by the next call, whatever that wanted: tell the
      // client, and send the datagram after all.
      if (error == boost::asio::error::connection_refused) {
        observer_->on_error(failure_of(error));
        if (observer_ == nullptr) return;
        error = send(datagram);
      }
      if (error == boost::asio::error::would_block) {
        wait_writable();
        return;
      }
      if (error && !has_local_address() && observer_->on_address_gone()) return;
      queue.pop();
      if (error) report(error);
    }
  }

  void resume_reading() override {}
  void end_sending() override {}

  // What the kernel does not take at once is lost, as datagrams are.
  std::size_t close(packet_queue unsent, const awaited_answer& answer) override {
    std::size_t sent = 0;
    const bool is_connected = std::exchange(observer_, nullptr) != nullptr && is_up_;
    for (; socket_.is_open() && !unsent.empty(); unsent.pop()) {
      // The first call may only tell of an older ICMP error.
      auto error = send(unsent.front());
      if (error == boost::asio::error::connection_refused) error = send(unsent.front());
      if (!error) sent += unsent.front().size();
    }
    close_socket(strangers_);
    if (!is_connected || answer.patience <= answer.patience.zero()) {
      close_socket(socket_);
      return sent;
    }
    error_code ignored;
    socket_.cancel(ignored);
    lingering_sockets::of(io_).add(std::move(socket_), answer);
    return sent;
  }

 private:
  static void close_socket(udp::socket& which) {
    error_code ignored;
    which.close(ignored);
  }

  // Only while the second one binds: nobody else shall take the port.
  void share_port(bool is_shared) {
    error_code ignored;
    const boost::asio::socket_base::reuse_address reuse(is_shared || options_.reuse);
    socket_.set_option(reuse, ignored);
    if (strangers_.is_open()) strangers_.set_option(reuse, ignored);
  }

  std::size_t path_limit(bool is_v6) {
    int mtu = 0;
    socklen_t size = sizeof mtu;
    const int outcome = is_v6 ? ::getsockopt(socket_.native_handle(), IPPROTO_IPV6, IPV6_MTU, &mtu, &size)
                              : ::getsockopt(socket_.native_handle(), IPPROTO_IP, IP_MTU, &mtu, &size);
    const int headers = (is_v6 ? 40 : 20) + 8;
    if (outcome != 0 || mtu <= headers) mtu = is_v6 ? 1280 : 576;  // what every path must take
    return static_cast<std::size_t>(mtu - headers);
  }

  void report(const error_code& error) {
    auto why = failure_of(error);
    if (error == boost::asio::error::message_size) {
      observer_->on_path_limit(path_limit(remote_.is_v6()), std::move(why));
    } else {
      observer_->on_error(std::move(why));
    }
  }

  error_code send(bytes_view datagram) {
    error_code error;
    socket_.send(boost::asio::buffer(datagram.data(), datagram.size()), 0, error);
    return error;
  }

  // False also when there was no way to the peer when it was looked for.
  bool has_local_address() {
    error_code error;
    const auto local = socket_.local_endpoint(error);
    if (error || local.address().is_unspecified()) return false;
    udp::socket probe(socket_.get_executor());
    probe.open(local.protocol(), error);
    if (!error) probe.bind({local.address(), 0}, error);
    return error != error_code(EADDRNOTAVAIL, boost::system::system_category());
  }

  void wait_readable() {
    socket_.async_wait(udp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
      if (!error) self->on_readable();
    });
  }

  void on_readable() {
    const auto self = shared_from_this();
    const auto buffer = shared_read_buffer();
    for (int i = 0; i < datagrams_per_turn && observer_ != nullptr; ++i) {
      error_code error;
      udp::endpoint from;
      const auto size =
          socket_.receive_from(boost::asio::buffer(buffer.data(), buffer.size()), from, 0, error);
      if (error == boost::asio::error::would_block) may_hold_strangers_ = false;
      if (error == boost::asio::error::would_block || error == boost::asio::error::interrupted) break;
      if (error) {
        report(error);
      } else if (!may_hold_strangers_ || is_peer(from)) {
        observer_->on_received(bytes_view(buffer.data(), size), false);
      }
    }
    if (observer_ != nullptr) observer_->on_turn_end();
    if (observer_ != nullptr) wait_readable();
  }

  bool is_peer(const udp::endpoint& from) {
    error_code error;
    return from == socket_.remote_endpoint(error) && !error;
  }

  void wait_for_strangers() {
    strangers_.async_wait(udp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
      if (!error) self->on_strangers();
    });
  }

  void on_strangers() {
    const auto self = shared_from_this();
    const auto buffer = shared_read_buffer();
    for (int i = 0; i < datagrams_per_turn && observer_ != nullptr; ++i) {
      error_code error;
      udp::endpoint from;
      const auto size =
          strangers_.receive_from(boost::asio::buffer(buffer.data(), buffer.size()), from, 0, error);
      if (error) break;
      observer_->on_received_from(to_endpoint(from), bytes_view(buffer.data(), size));
    }
    if (observer_ != nullptr) observer_->on_turn_end();
    if (observer_ != nullptr) wait_for_strangers();
  }

  void wait_writable() {
    waiting_writable_ = true;
    socket_.async_wait(udp::socket::wait_write, [self = shared_from_this()](const error_code& error) {
      self->waiting_writable_ = false;
      if (!error && self->observer_ != nullptr) self->observer_->on_writable();
    });
  }

  boost::asio::io_context& io_;
  udp::socket socket_;
  udp::socket strangers_;  // open behind receive_from_anywhere()
  const socket_options options_;
  transport_observer* observer_;  // null once closed
  endpoint remote_;
  bool is_up_ = false;
  // A socket that was bound before it was connected has taken datagrams of anybody; they are in front of all
  // others.
  bool may_hold_strangers_ = false;
  bool waiting_writable_ = false;
};

}  // namespace

std::shared_ptr<transport> make_udp(boost::asio::io_context& io, const socket_options& options,
                                    transport_observer& observer) {
  return std::make_shared<udp_transport>(io, options, observer);
}

}  // namespace tlsmodem::net

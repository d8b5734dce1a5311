#include "socket_base.hpp"
#include "transport.hpp"

#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <utility>

namespace tlsmodem::net {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

// One wake-up reads at most this many full buffers, so that bulk on one socket leaves the others their turn.
constexpr int reads_per_turn = 4;
constexpr std::chrono::seconds linger_limit{5};

class tcp_transport final : public transport, public std::enable_shared_from_this<tcp_transport> {
 public:
  tcp_transport(boost::asio::io_context& io, socket_options options, transport_observer& observer)
      : socket_(io),
        linger_timer_(io, boost::asio::steady_timer::time_point()),
        options_(std::move(options)),
        observer_(&observer) {}

  std::optional<at::failure> bind(const endpoint& local) override {
    return bind_socket(socket_, local, options_);
  }

  endpoint local() const override { return local_of(socket_); }

  void connect(const endpoint& remote) override {
    remote_ = remote;
    error_code error;
    const auto address = parse_address(remote.address, error);
    if (!error && !socket_.is_open()) error = open_socket(socket_, address.is_v6(), options_);
    if (error) {
      observer_->on_connect_failed(failure_of(error));
      return;
    }
    socket_.async_connect({address, remote.port}, [self = shared_from_this()](const error_code& outcome) {
      self->on_connected(outcome);
    });
  }

  void flush(packet_queue& queue) override {
    while (observer_ != nullptr && !waiting_writable_ && !queue.empty()) {
      const auto chunk = queue.front();
      error_code error;
      const auto sent = socket_.send(boost::asio::buffer(chunk.data(), chunk.size()), 0, error);
      if (error == boost::asio::error::would_block) {
        wait_writable();
        return;
      }
      if (error) {
        is_ended_by_error_ = true;
        observer_->on_error(failure_of(error));
        return;
      }
      queue.consume(sent);
    }
  }

  void resume_reading() override {
    if (is_paused_ && observer_ != nullptr) {
      is_paused_ = false;
      wait_readable();
    }
  }

  void end_sending() override { shutdown_sending(); }

  std::size_t close(packet_queue unsent, const awaited_answer&) override {
    observer_ = nullptr;
    if (!socket_.is_open() || is_ended_by_error_ || !is_connected_) {
      close_socket();
      return 0;
    }
    const auto all = unsent.bytes();
    unsent_ = std::move(unsent);
    linger();
    return all - unsent_.bytes();
  }

 private:
  void close_socket() {
    error_code ignored;
    linger_timer_.cancel();
    socket_.close(ignored);
  }

  void shutdown_sending() {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }

  // The last bytes (a close_notify behind the client's data) may wait for the peer to read; not for ever.
  void linger() {
    error_code error;
    while (!error && !unsent_.empty()) {
      const auto chunk = unsent_.front();
      const auto sent = socket_.send(boost::asio::buffer(chunk.data(), chunk.size()), 0, error);
      if (!error) unsent_.consume(sent);
    }
    if (error != boost::asio::error::would_block) {
      shutdown_sending();
      drop_unread();
      close_socket();
      return;
    }
    if (linger_timer_.expiry() == boost::asio::steady_timer::time_point()) {
      linger_timer_.expires_after(linger_limit);
      linger_timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
        if (!cancelled) self->close_socket();
      });
    }
    socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const error_code& outcome) {
      if (!outcome) self->linger();
    });
  }

  // Closing over unread bytes makes the kernel send RST, and that may overtake what the peer has not read
  // yet. With MSG_TRUNC they go nowhere (tcp(7)): who closes may still be looking at the shared buffer.
  void drop_unread() {
    for (int i = 0; i < reads_per_turn; ++i)
      if (::recv(socket_.native_handle(), nullptr, shared_read_buffer().size(), MSG_TRUNC | MSG_DONTWAIT) <=
          0)
        return;
  }

  void on_connected(const error_code& outcome) {
    if (observer_ == nullptr) return;
    if (outcome) {
      observer_->on_connect_failed(failure_of(outcome));
      return;
    }
    is_connected_ = true;
    error_code error;
    socket_.set_option(tcp::no_delay(true),
                       error);  // one AT#TSEND is one message; it must not wait for the next
    const auto local = to_endpoint(socket_.local_endpoint(error));
    wait_readable();
    observer_->on_up(local, remote_, 0);
  }

  void wait_readable() {
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
      if (!error) self->on_readable();
    });
  }

  void on_readable() {
    const auto self = shared_from_this();
    bool goes_on = true;
    for (int i = 0; goes_on && i < reads_per_turn && observer_ != nullptr && observer_->wants_input(); ++i)
      goes_on = read_once();
    if (observer_ != nullptr) observer_->on_turn_end();
    if (observer_ == nullptr || is_ended_) return;
    if (observer_->wants_input()) {
      wait_readable();
    } else {
      is_paused_ = true;
    }
  }

  bool read_once() {
    const auto buffer = shared_read_buffer();
    error_code error;
    const auto size = socket_.receive(boost::asio::buffer(buffer.data(), buffer.size()), 0, error);
    if (error == boost::asio::error::would_block || error == boost::asio::error::interrupted) return false;
    if (error == boost::asio::error::eof) {
      is_ended_ = true;
      observer_->on_end();
      return false;
    }
    if (error) {
      is_ended_ = is_ended_by_error_ = true;
      observer_->on_error(failure_of(error));
      return false;
    }
    observer_->on_received(bytes_view(buffer.data(), size), false);
    return size == buffer.size();
  }

  void wait_writable() {
    waiting_writable_ = true;
    socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const error_code& error) {
      self->waiting_writable_ = false;
      if (!error && self->observer_ != nullptr) self->observer_->on_writable();
    });
  }

  tcp::socket socket_;
  boost::asio::steady_timer linger_timer_;
  packet_queue unsent_;
  const socket_options options_;
  transport_observer* observer_;  // null once closed
  endpoint remote_;
  bool waiting_writable_ = false;
  bool is_paused_ = false;
  bool is_connected_ = false;
  bool is_ended_ = false;
  bool is_ended_by_error_ = false;
};

}  // namespace

std::shared_ptr<transport> make_tcp(boost::asio::io_context& io, const socket_options& options,
                                    transport_observer& observer) {
  return std::make_shared<tcp_transport>(io, options, observer);
}

}  // namespace tlsmodem::net

// Performs what the socket machine decides: transports, timer, resolver. No policy here.
//
// The owner (a channel) calls machine commands through operate(), which settles everything afterwards. A
// driver is held by shared_ptr; release() ends it, and lets a last close_notify or unsent stream data linger
// on its own.
#pragma once

#include "daemon/net/resolver.hpp"
#include "daemon/net/transport.hpp"
#include "socket_machine.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tlsmodem {

class socket_observer {
 public:
  virtual void on_socket_event(std::string line, std::string sentence) = 0;
  // There is data in received(), or room for a send that had to wait. Called once a turn, after everything
  // else.
  virtual void on_socket_changed(int id) = 0;

 protected:
  ~socket_observer() = default;
};

class socket_driver final : public std::enable_shared_from_this<socket_driver> {
 public:
  socket_driver(boost::asio::io_context& io, net::resolver& resolver, socket_observer& observer,
                std::unique_ptr<socket_machine> machine);
  ~socket_driver();

  const socket_machine& machine() const { return *machine_; }

  // Runs a command of the machine, then does what it decided.
  template <typename Command>
  auto operate(Command command) {
    struct settle_behind {
      socket_driver& driver;
      ~settle_behind() { driver.settle(); }
    } behind{*this};
    return command(*machine_, std::chrono::steady_clock::now());
  }

  // Takes a local address for the next connects. Errors as of transport::bind().
  std::optional<at::failure> bind(const net::endpoint& local);
  // Forgets the bound address too.
  void reopen();
  // Hands one frame of received() to `consume`, and lets the stream be read again. What the client's taking
  // it leads to (#TDOWN behind the last byte) comes after `consume` has returned. Precondition: received()
  // has data.
  void take(std::size_t max_bytes, const std::function<void(const receive_queue::frame&)>& consume);
  // Closes without another word to the observer; the driver may be dropped.
  void release(farewell how);

 private:
  // One of the socket's transports: hands on what it tells, to the slot that it is in by then.
  class link;

  void on_up(transport_slot slot, const net::endpoint& local, const net::endpoint& remote,
             std::size_t path_limit_bytes);
  void on_connect_failed(transport_slot slot, at::failure why);
  bool on_address_gone(transport_slot slot);
  void on_received(transport_slot slot, bytes_view data, bool is_truncated);
  void on_received_from(transport_slot slot, const net::endpoint& from, bytes_view data);
  void on_turn_end();
  void on_end(transport_slot slot);
  // `path_limit_bytes`: the error is a datagram that was too long for the path.
  void on_error(transport_slot slot, at::failure why,
                std::optional<std::size_t> path_limit_bytes = std::nullopt);

  void settle();
  void settle_once();
  void perform(const resolve_name& what);
  void perform(const open_transport& what);
  void perform(const receive_from_anywhere& what);
  void perform(const move_transport& what);
  void perform(const rebind_transport& what);
  void perform(const end_sending& what);
  void perform(const close_transport& what);
  void perform(const replace_transport& what);
  void perform(const emit_event& what);
  void perform(const note_in_log& what);
  std::shared_ptr<link>& slot(transport_slot which);
  void make_transport(transport_slot which);
  // Returns how many bytes went out.
  std::size_t close(transport_slot which, packet_queue unsent, std::chrono::milliseconds awaits_goodbye = {});
  void flush();
  void tell_flush_error();
  void flush(packet_queue* queue, transport_slot through);
  void finish_sending_if_due();
  void arm_timer();
  void notice_turn();

  boost::asio::io_context& io_;
  net::resolver& resolver_;
  socket_observer* observer_;  // null once released
  std::unique_ptr<socket_machine> machine_;
  std::shared_ptr<link> current_;
  std::shared_ptr<link> next_;  // of a handshake beside the association
  std::optional<net::endpoint> bound_;
  bool has_moved_ = false;  // away from what was bound, which may be gone: new handshakes do not bind it
  boost::asio::steady_timer timer_;
  std::optional<socket_machine::time_point> armed_for_;
  std::uint64_t question_ = 0;  // counts what was asked of the resolver
  bool is_end_due_ = false;     // FIN behind the last byte of outgoing()
  bool is_settling_ = false;
  bool is_unsettled_ = false;
  bool is_flushing_ = false;
  bool is_moving_ = false;  // behind the flush that found no address any more
  struct flush_error {
    std::shared_ptr<link> of;
    at::failure why;
    std::optional<std::size_t> path_limit_bytes;
  };
  std::deque<flush_error> flush_errors_;  // reported in the middle of a flush
  bool in_turn_ = false;  // the transport is handing over a burst: the channel is told once, at its end
};

}  // namespace tlsmodem

// A transport carries ciphertext (or plain data) between an engine and the network: UDP or TCP on Asio.
//
// Theory of operation: bind() if a local address is wanted, connect() once, then the observer hears of it.
// Whoever fills a packet_queue calls flush(): it writes what the kernel takes, and on_writable() says when to
// call it again. close() may be called at any time, also from an observer's function; the observer hears
// nothing afterwards, and what was not sent yet lingers on its own. A transport lives as long as its handlers
// do, so the owner just drops it.
#pragma once

#include "daemon/net/endpoint.hpp"
#include "daemon/support/packet_queue.hpp"
#include "protocol/result.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>

namespace tlsmodem::net {

class transport_observer {
 public:
  // The transport is connected. `path_limit_bytes`: largest UDP payload that the path takes in one piece; 0
  // for TCP.
  virtual void on_up(const endpoint& local, const endpoint& remote, std::size_t path_limit_bytes) = 0;
  // connect() failed.
  virtual void on_connect_failed(at::failure why) = 0;
  // One datagram, or a chunk of the stream; `is_truncated`: the datagram was longer than the buffer.
  virtual void on_received(bytes_view data, bool is_truncated) = 0;
  // A datagram of somebody else than the peer; only behind receive_from_anywhere().
  virtual void on_received_from(const endpoint& from, bytes_view data) = 0;
  // All that was read in this turn has been handed over: time to answer it at once.
  virtual void on_turn_end() = 0;
  // The peer sent FIN.
  virtual void on_end() = 0;
  // Datagrams: an ICMP error, or a datagram that could not be sent; the transport goes on.
  // Streams: reset and the like; nothing more will come.
  virtual void on_error(at::failure why) = 0;
  // A datagram was too long for the path, which takes at most so many bytes of payload (datagrams only). An
  // ICMP error says so, or the kernel, which remembers one; the datagram is lost.
  virtual void on_path_limit(std::size_t path_limit_bytes, at::failure why) = 0;
  // A datagram cannot be sent, because the transport's own address is none of this machine any more. True: it
  // stays in the queue, and another transport is going to take it.
  virtual bool on_address_gone() = 0;
  // The kernel has room again.
  virtual void on_writable() = 0;
  // False stops reading after the current chunk until resume_reading(); only streams ask.
  virtual bool wants_input() const = 0;

 protected:
  ~transport_observer() = default;
};

// The peer answers the last datagram: until then, or for so long, the port stays open.
struct awaited_answer {
  std::chrono::milliseconds patience{0};         // 0: no answer is awaited
  bool (*is_it)(bytes_view datagram) = nullptr;  // which need not be authentic
};

class transport {
 public:
  virtual ~transport() = default;

  // Takes a local address now. Errors: 821 in use, 50 not an address or not of this machine, 816 not
  // permitted. Port 0 lets the kernel choose.
  virtual std::optional<at::failure> bind(const endpoint& local) = 0;
  // Where it is bound; {} when it is not.
  virtual endpoint local() const = 0;
  virtual void connect(const endpoint& remote) = 0;
  // Datagrams of all the world are handed over too, for as long as the transport is up (datagrams only).
  virtual void receive_from_anywhere() {}
  // The peer is there now (datagrams only). False: the kernel has no way there, and all stays as it was.
  virtual bool move_to(const endpoint&) { return false; }
  virtual void flush(packet_queue& queue) = 0;
  virtual void resume_reading() = 0;
  // FIN behind what was flushed (streams only).
  virtual void end_sending() = 0;
  // Sends what is left of `unsent` as far as it goes, then closes; datagrams when the answer has come.
  // Returns how many bytes the kernel took at once; of a stream, more may follow.
  virtual std::size_t close(packet_queue unsent, const awaited_answer& answer) = 0;
};

std::shared_ptr<transport> make_udp(boost::asio::io_context& io, const socket_options& options,
                                    transport_observer& observer);
std::shared_ptr<transport> make_tcp(boost::asio::io_context& io, const socket_options& options,
                                    transport_observer& observer);

}  // namespace tlsmodem::net

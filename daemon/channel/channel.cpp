#include "channel.hpp"

#include "daemon/support/log.hpp"
#include "protocol/wiped.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>

#include <array>

namespace tlsmodem {
namespace {

using boost::system::error_code;

// One for all channels of a thread: an idle channel costs no buffer. Wiped after use, as keys come through
// here.
std::array<char, std::size_t{64} * 1024>& shared_buffer() {
  thread_local std::array<char, std::size_t{64} * 1024> buffer;
  return buffer;
}

// What one wake-up takes from a client that writes without end, before others get their turn.
constexpr int reads_per_turn = 8;
// A turn ends behind the command that goes beyond it: loading certificates, deriving a key or asking a token
// may take a while each, and a client may send thousands at once.
constexpr std::chrono::milliseconds longest_turn{20};
// Bulk through a Unix socket is decided by how much one wake-up moves.
constexpr int socket_buffer_bytes = 1024 * 1024;

}  // namespace

channel::channel(std::uint64_t number, socket connection, peer_identity peer, services& shared,
                 ended_handler on_ended)
    : number_(number),
      connection_(std::move(connection)),
      peer_(peer),
      on_ended_(std::move(on_ended)),
      modem_(shared, peer.user, [this] { pump(); }),
      server_(modem_) {
  modem_.attach(server_);
  server_.limit_turn([this] { return clock::now() - turn_began_ >= longest_turn; });
  error_code ignored;
  connection_.non_blocking(true, ignored);
  connection_.set_option(boost::asio::socket_base::send_buffer_size(socket_buffer_bytes), ignored);
}

void channel::start() {
  log(level::info, "channel opened", {{"channel", number_}, {"uid", peer_.user}, {"pid", peer_.process}});
  watch_hang_up();
  wait_readable();
}

void channel::stop() {
  const auto self = shared_from_this();
  modem_.stop();
  is_input_ended_ = true;
  pump();
}

void channel::end() {
  if (is_ended_) return;
  is_ended_ = true;
  const auto self = shared_from_this();
  modem_.hang_up();
  error_code ignored;
  connection_.close(ignored);
  log(level::info, "channel closed", {{"channel", number_}});
  on_ended_(number_);
}

void channel::wait_readable() {
  if (is_waiting_readable_ || is_input_ended_ || is_ended_) return;
  is_waiting_readable_ = true;
  connection_.async_wait(socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->is_waiting_readable_ = false;
    if (!error && !self->is_ended_) self->on_readable();
  });
}

// A client that dies while its input is not read (a send waits for the peer) must not keep its sockets.
void channel::watch_hang_up() {
  connection_.async_wait(socket::wait_error, [self = shared_from_this()](const error_code& error) {
    if (error || self->is_ended_) return;
    self->is_client_gone_ = true;
    self->pump();
  });
}

void channel::on_readable() {
  turn_began_ = clock::now();
  is_pumping_ = true;  // commands make output and events; they go out together, behind the last one
  for (int i = 0; i < reads_per_turn && server_.has_room_for_input() && read_once(); ++i) {
  }
  is_pumping_ = false;
  pump();
}

bool channel::read_once() {
  auto& buffer = shared_buffer();
  error_code error;
  const auto size = connection_.read_some(boost::asio::buffer(buffer), error);
  if (error == boost::asio::error::would_block || error == boost::asio::error::interrupted) return false;
  if (error) {
    is_input_ended_ = true;
    return false;
  }
  server_.receive({buffer.data(), size});
  wipe(buffer.data(), size);
  return size == buffer.size();
}

// Moves data from sockets to the server and output from the server to the client, until nothing moves any
// more.
void channel::pump() {
  is_pump_due_ = true;
  if (is_pumping_ || is_ended_) return;
  const auto self = shared_from_this();
  is_pumping_ = true;
  while (std::exchange(is_pump_due_, false) && !is_ended_) {
    do {
      modem_.deliver();
    } while (write());
  }
  is_pumping_ = false;
  if (server_.has_room_for_input()) wait_readable();
  resume_in_next_turn();
  end_if_finished();
}

void channel::resume_in_next_turn() {
  if (!server_.is_paused() || is_resume_due_ || is_ended_) return;
  is_resume_due_ = true;
  boost::asio::post(connection_.get_executor(), [self = shared_from_this()] {
    self->is_resume_due_ = false;
    if (self->is_ended_) return;
    self->turn_began_ = clock::now();
    self->is_pumping_ = true;
    self->server_.resume();
    self->is_pumping_ = false;
    self->pump();
  });
}

// True when something was written and there may be more.
bool channel::write() {
  if (is_waiting_writable_ || is_ended_) return false;
  if (output_.empty()) server_.take_output(output_);
  if (output_.empty()) return false;
  error_code error;
  const auto size =
      connection_.write_some(boost::asio::buffer(output_.data() + sent_, output_.size() - sent_), error);
  if (error == boost::asio::error::would_block) {
    wait_writable();
    return false;
  }
  if (error && error != boost::asio::error::interrupted) {
    end();
    return false;
  }
  sent_ += size;
  if (sent_ == output_.size()) {
    output_.clear();
    sent_ = 0;
    if (output_.capacity() > 2 * at::output_high_water_bytes) output_.shrink_to_fit();
  }
  return true;
}

void channel::wait_writable() {
  is_waiting_writable_ = true;
  connection_.async_wait(socket::wait_write, [self = shared_from_this()](const error_code& error) {
    self->is_waiting_writable_ = false;
    if (!error && !self->is_ended_) self->pump();
  });
}

void channel::end_if_finished() {
  // Also to a client that has nothing more to say; what is on its way to the disk even to one that is gone.
  const bool owes_answer = server_.is_command_pending() && (modem_.is_storing() || !is_client_gone_);
  const bool is_input_over =
      is_input_ended_ && output_.empty() && !server_.has_output() && !server_.is_paused() && !owes_answer;
  if (is_input_over || (is_client_gone_ && !server_.has_room_for_input())) end();
}

}  // namespace tlsmodem

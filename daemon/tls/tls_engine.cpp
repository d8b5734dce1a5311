#include "tls_engine.hpp"

namespace tlsmodem::tls {
namespace {

// A server that never finishes its post-handshake message must not make us hoard: several payloads of the
// channel (65,536 bytes each).
constexpr std::size_t max_put_off_bytes = std::size_t{1024} * 1024;

}  // namespace

void tls_engine::start(time_point) {
  if (begin()) advance_counting_flights({});
}

void tls_engine::feed(bytes_view ciphertext, time_point) { advance_counting_flights(ciphertext); }

// A flight is what a call during the handshake puts out.
void tls_engine::advance_counting_flights(bytes_view input) {
  const bool handshaking = state() == engine_state::handshaking;
  const std::size_t before = wire_.output.bytes();
  advance(input);
  if (handshaking && state() != engine_state::failed && wire_.output.bytes() > before)
    ++mutable_info().flights;
}

void tls_engine::feed_end(time_point) {
  if (state() == engine_state::handshaking) {
    fail({{at::error::connection_reset,
           "the server closed the connection during the handshake" + explain_end()},
          -1,
          true});
  } else if (state() == engine_state::established) {
    fail({{at::error::connection_reset,
           "the server closed the connection without close_notify, data may be missing"},
          -1,
          true});
  }
}

send_outcome tls_engine::send(bytes_view plaintext, time_point) {
  if (!may_send()) return send_outcome::not_connected;
  if (plaintext.empty()) return send_outcome::ok;
  const auto outcome = put_off_.empty() ? write(plaintext) : write_outcome::not_now;
  if (outcome == write_outcome::failed) return send_outcome::failed;
  if (outcome == write_outcome::written) return send_outcome::ok;
  if (put_off_.size() + plaintext.size() > max_put_off_bytes) {
    fail({{at::error::would_overflow, "the server does not finish its post-handshake message"}, -1, false});
    return send_outcome::failed;
  }
  put_off_.insert(put_off_.end(), plaintext.begin(), plaintext.end());
  return send_outcome::ok;
}

void tls_engine::deliver(bytes_view plaintext) { incoming().extend(plaintext, stream_chunk_bytes); }

void tls_engine::caught_up() {
  if (put_off_.empty() || write(put_off_) != write_outcome::written) return;
  put_off_ = {};
}

}  // namespace tlsmodem::tls

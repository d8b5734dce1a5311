// A DTLS handshake by libssl. Its records, flights and their repeats are ours
// (daemon/dtls12/handshake_records.hpp), and so is the time: libssl neither reads nor writes a datagram, and
// repeats nothing. When it is done, the association goes on without libssl.
#pragma once

#include "daemon/dtls12/handshake_records.hpp"
#include "last_flight.hpp"
#include "retransmission_timer.hpp"
#include "ssl_engine.hpp"

namespace tlsmodem::tls {

class dtls_handshake final : public ssl_engine {
 public:
  dtls_handshake(std::shared_ptr<const context> context, const peer_name& peer, std::size_t datagram_limit);

  void start(time_point now) override;
  void feed(bytes_view ciphertext, time_point now) override;
  void feed_end(time_point) override {}
  std::optional<time_point> deadline() const override;
  void on_deadline(time_point now) override;
  bool lower_datagram_limit(std::size_t limit, time_point now) override;
  send_outcome send(bytes_view, time_point) override { return send_outcome::not_connected; }
  packet_queue& outgoing() override { return outgoing_; }

  // The association, once, when it is established; null before.
  std::unique_ptr<engine> succeed(time_point now);

 private:
  void deliver(bytes_view) override {}  // data are protected, and those records never get to libssl
  void heed_early_alerts();
  void note_stray(bytes_view datagram);
  void note_received(const dtls12::handshake_records::received& seen);
  void send_out(time_point now);
  void count_flights(time_point now);
  std::optional<dtls12::handshake_records::handshake_keys> find_keys();
  void repeat();
  void keep_last_flight();

  dtls12::handshake_records records_;
  packet_queue outgoing_;
  retransmission_timer timer_;
  last_flight last_flight_;
  std::size_t heeded_ = 0;  // of the early records
  bytes for_libssl_;
};

}  // namespace tlsmodem::tls

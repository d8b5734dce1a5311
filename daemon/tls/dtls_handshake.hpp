// A DTLS handshake by libssl, and the connection behind it while libssl carries it (DTLS 1.0): adds the
// retransmission timer, the filter in front of libssl, and the transcoder that gives every protected record
// of DTLS 1.2 a form and a number of our own.
#pragma once

#include "daemon/dtls12/cid_transcoder.hpp"
#include "last_flight.hpp"
#include "record_filter.hpp"
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
  send_outcome send(bytes_view plaintext, time_point now) override;
  void shut(time_point now) override;
  packet_queue& outgoing() override { return outgoing_; }

  // The association of DTLS 1.2, which goes on without libssl; once, when it is established. Null: this
  // object carries it on.
  std::unique_ptr<engine> succeed(time_point now);

 private:
  void deliver(bytes_view plaintext) override;
  bool is_dtls1_0() const;
  void feed_handshake(bytes_view datagram);
  void heed_early_alerts();
  void note_filtered(const filtered_datagram& filtered);
  void feed_unprotected(bytes_view records);
  void feed_dtls1_0(bytes_view datagram, time_point now);
  void send_out();
  std::optional<dtls12::cid_transcoder::handshake_keys> find_keys();
  void follow_libssl_timer(time_point now);
  void retransmit();
  std::size_t least_protected_bytes() const;
  void keep_last_flight(std::size_t already_out);
  void repeat_last_flight(time_point now);

  dtls12::cid_transcoder transcoder_;
  packet_queue outgoing_;
  retransmission_timer timer_;
  unsigned repeats_of_flight_ = 0;
  last_flight last_flight_;
  std::size_t heeded_ = 0;  // of the early records
  bytes unprotected_;
  bytes scratch_;
};

}  // namespace tlsmodem::tls

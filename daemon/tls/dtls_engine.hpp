// DTLS over datagrams: adds the retransmission timer, the filter in front of libssl and the record limit.
#pragma once

#include "retransmission_timer.hpp"
#include "ssl_engine.hpp"

namespace tlsmodem::tls {

class dtls_engine final : public ssl_engine {
 public:
  dtls_engine(std::shared_ptr<const context> context, const peer_name& peer, std::size_t datagram_limit);

  void start(time_point now) override;
  void feed(bytes_view ciphertext, time_point now) override;
  void feed_end(time_point) override {}
  std::optional<time_point> deadline() const override;
  void on_deadline(time_point now) override;
  send_outcome send(bytes_view plaintext, time_point now) override;

 private:
  void deliver(bytes_view plaintext) override;
  void follow_libssl_timer(time_point now);
  void retransmit();
  std::size_t least_protected_bytes() const;
  void keep_last_flight(std::size_t already_out);
  void repeat_last_flight(time_point now);

  retransmission_timer timer_;
  unsigned repeats_of_flight_ = 0;
  std::vector<bytes> last_flight_;  // of an abbreviated handshake, until the server is known to have it
  unsigned repeats_of_last_flight_ = 0;
  std::optional<time_point> last_repeat_;
  bytes scratch_;
};

}  // namespace tlsmodem::tls

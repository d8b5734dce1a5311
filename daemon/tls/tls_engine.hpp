// TLS over a byte stream.
#pragma once

#include "ssl_engine.hpp"

namespace tlsmodem::tls {

class tls_engine final : public ssl_engine {
 public:
  tls_engine(std::shared_ptr<const context> context, const peer_name& peer)
      : ssl_engine(std::move(context), peer) {}

  void start(time_point now) override;
  void feed(bytes_view ciphertext, time_point now) override;
  void feed_end(time_point now) override;
  std::optional<time_point> deadline() const override { return std::nullopt; }
  void on_deadline(time_point) override {}
  send_outcome send(bytes_view plaintext, time_point now) override;

 private:
  void deliver(bytes_view plaintext) override;
  void caught_up() override;
  void advance_counting_flights(bytes_view input);

  // Plaintext that libssl could not take because a post-handshake message is only half here.
  bytes put_off_;
};

}  // namespace tlsmodem::tls

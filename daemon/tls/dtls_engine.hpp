// DTLS over datagrams: a handshake by libssl, and behind it an association that needs no libssl any more.
#pragma once

#include "dtls_handshake.hpp"

namespace tlsmodem::tls {

class dtls_engine final : public engine {
 public:
  dtls_engine(std::shared_ptr<const context> context, const peer_name& peer, std::size_t datagram_limit)
      : handshake_(std::make_unique<dtls_handshake>(std::move(context), peer, datagram_limit)) {}

  void offer(bytes_view session) override { active().offer(session); }
  void start(time_point now) override {
    active().start(now);
    move_on(now);
  }
  void feed(bytes_view ciphertext, time_point now) override {
    active().feed(ciphertext, now);
    move_on(now);
  }
  bool feed_from_elsewhere(bytes_view ciphertext, time_point now) override {
    return active().feed_from_elsewhere(ciphertext, now);
  }
  void feed_end(time_point) override {}
  std::optional<time_point> deadline() const override { return active().deadline(); }
  void on_deadline(time_point now) override { active().on_deadline(now); }
  bool lower_datagram_limit(std::size_t limit, time_point now) override {
    return active().lower_datagram_limit(limit, now);
  }
  send_outcome send(bytes_view plaintext, time_point now) override { return active().send(plaintext, now); }
  void shut(time_point now) override { active().shut(now); }
  void on_numbers_reserved(time_point now) override { active().on_numbers_reserved(now); }

  std::string explain_silence() const override { return active().explain_silence(); }
  engine_state state() const override { return active().state(); }
  const engine_failure& failure() const override { return active().failure(); }
  const engine_info& info() const override { return active().info(); }
  std::vector<resumable_session> take_sessions() override;
  packet_queue& outgoing() override { return active().outgoing(); }
  packet_queue& incoming() override { return active().incoming(); }
  live_association* association() override { return active().association(); }

 private:
  engine& active() { return handshake_ ? static_cast<engine&>(*handshake_) : *association_; }
  const engine& active() const {
    return handshake_ ? static_cast<const engine&>(*handshake_) : *association_;
  }
  // Frees libssl's object, and with it most of the memory, when the association is up.
  void move_on(time_point now);

  std::unique_ptr<dtls_handshake> handshake_;
  std::unique_ptr<engine> association_;
  std::vector<resumable_session> sessions_;
};

}  // namespace tlsmodem::tls

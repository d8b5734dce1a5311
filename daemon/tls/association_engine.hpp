// The engine of an established DTLS 1.2 association, with its own record layer: right behind a handshake, or
// taken up again with what was kept of it.
#pragma once

#include "daemon/dtls12/association.hpp"
#include "engine.hpp"
#include "last_flight.hpp"
#include "live_association.hpp"

#include <deque>
#include <memory>
#include <utility>

namespace tlsmodem::tls {

class association_engine final : public engine, public live_association {
 public:
  association_engine(std::unique_ptr<dtls12::association> association, engine_info info,
                     last_flight unconfirmed = {});

  // The content of a record that came before the handshake was done; before anything else.
  void take_early(std::uint8_t type, bytes_view content, time_point now);
  // Sent already; from here on data of the server show that it has come there.
  void await_confirmation(last_flight unconfirmed) { unconfirmed_ = std::move(unconfirmed); }

  void start(time_point) override {}
  void feed(bytes_view datagram, time_point now) override { take_datagram(datagram, now); }
  bool feed_from_elsewhere(bytes_view datagram, time_point now) override {
    return take_datagram(datagram, now);
  }
  void feed_end(time_point) override {}
  std::optional<time_point> deadline() const override { return std::nullopt; }
  void on_deadline(time_point) override {}
  send_outcome send(bytes_view plaintext, time_point now) override;
  void on_numbers_reserved(time_point now) override;
  void shut(time_point now) override;

  engine_state state() const override { return state_; }
  const engine_failure& failure() const override { return failure_; }
  const engine_info& info() const override { return info_; }
  packet_queue& outgoing() override { return outgoing_; }
  packet_queue& incoming() override { return incoming_; }
  // DTLS 1.0 is not kept: who still speaks it has to be asked for by name at each connect.
  live_association* association() override {
    return association_->parameters().version == dtls12::dtls1_2 ? this : nullptr;
  }

  secret encode() const override;
  bool take_change() override { return std::exchange(is_changed_, false); }
  const dtls12::sequence_counters& counters() const override { return association_->counters(); }
  void use_journal(dtls12::sequence_journal* journal) override { association_->use_journal(journal); }
  bool has_own_cid() const override { return !association_->parameters().own_cid.empty(); }
  bool has_peer_cid() const override { return !association_->parameters().peer_cid.empty(); }

 private:
  bool take_datagram(bytes_view datagram, time_point now);
  bool take_record(const dtls12::record_view& record, time_point now);
  void take_content(std::uint8_t type, bytes_view content, time_point now);
  void confirm();
  void take_alert(bytes_view content);
  void take_handshake(bytes_view content, time_point now);
  void send_alert(alert what);
  void give_up_worn_out_keys();
  dtls12::seal_outcome seal(std::uint8_t type, bytes_view content);
  bool is_over() const { return state_ == engine_state::failed || state_ == engine_state::peer_closed; }

  std::unique_ptr<dtls12::association> association_;
  engine_info info_;
  last_flight unconfirmed_;
  bool has_sent_ = false;
  bool is_shut_ = false;
  bool is_changed_ = false;  // what encode() gives
  engine_state state_ = engine_state::established;
  engine_failure failure_;
  std::deque<bytes> held_;  // records that came before their numbers were reserved
  packet_queue outgoing_;
  packet_queue incoming_;
  bytes scratch_;
};

// Takes an association up again; null for anything that live_association::encode() would not have written.
std::unique_ptr<engine> continue_association(bytes_view encoded, const dtls12::sequence_counters& counters);

}  // namespace tlsmodem::tls

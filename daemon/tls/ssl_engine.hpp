// What the two engines share: one SSL object on a wire, its handshake, reading, writing and closing, and the
// bookkeeping of state, failure and info.
#pragma once

#include "callback_notes.hpp"
#include "context_data.hpp"
#include "wire.hpp"

#include <memory>

namespace tlsmodem::tls {

class ssl_engine : public engine {
 public:
  ssl_engine(const ssl_engine&) = delete;
  ssl_engine& operator=(const ssl_engine&) = delete;

  void offer(bytes_view session) final;
  void shut(time_point now) override;
  std::vector<resumable_session> take_sessions() final;
  std::string explain_silence() const final;
  std::string explain_end() const final;
  engine_state state() const final { return state_; }
  const engine_failure& failure() const final { return failure_; }
  const engine_info& info() const final { return info_; }
  packet_queue& outgoing() override { return wire_.output; }
  packet_queue& incoming() final { return incoming_; }

 protected:
  enum class write_outcome : std::uint8_t { written, not_now, failed };

  ssl_engine(std::shared_ptr<const context> context, const peer_name& peer);

  // Leaves idle; false when the engine could not be set up, it has failed then.
  bool begin();
  // Lets libssl work on `input` until it wants more; afterwards all of it is used up.
  void advance(bytes_view input);
  void fail(engine_failure why);
  // One write of libssl. `not_now`: it is in the middle of a message from the peer, to be repeated later.
  write_outcome write(bytes_view plaintext);
  bool may_send() const;
  // What the callbacks have noted becomes part of info().
  void note_alerts();
  // The same of the session that was offered.
  void note_offer();

  virtual void deliver(bytes_view plaintext) = 0;
  // libssl has used up its input: the time for what was put off.
  virtual void caught_up() {}

  SSL* ssl() const { return ssl_.get(); }
  const context& tls_context() const { return *context_; }
  engine_info& mutable_info() { return info_; }

  callback_notes notes_;
  wire wire_;

 private:
  void handshake();
  void read_all();
  void establish();
  void fail_as_libssl_says();
  void send_close_notify();
  bool used_what_it_should() const;
  bool was_resumed() const;
  std::string verify_result() const;

  std::shared_ptr<const context> context_;
  ssl_ptr ssl_;  // after what its callbacks and its BIO point to
  engine_state state_ = engine_state::idle;
  engine_failure failure_;
  engine_info info_;
  packet_queue incoming_;
  ssl_session_ptr offered_;  // until it is known what became of it
  std::vector<resumable_session> sessions_;
  std::optional<at::failure> setup_failure_;
  bool shut_ = false;
  bool close_notify_due_ = false;
};

}  // namespace tlsmodem::tls

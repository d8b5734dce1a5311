#include "plain_engine.hpp"

#include "protocol/limits.hpp"

namespace tlsmodem {
namespace {

using tls::engine_state;
using tls::time_point;

// Small pieces of a stream are put together up to this, so that they cost one system call.
constexpr std::size_t joined_bytes = std::size_t{64} * 1024;

class plain_engine final : public tls::engine {
 public:
  explicit plain_engine(plain_kind kind) : kind_(kind) {}

  void start(time_point) override { state_ = engine_state::established; }
  void feed(bytes_view data, time_point) override { incoming_.push(data); }
  void feed_end(time_point) override { state_ = engine_state::peer_closed; }
  std::optional<time_point> deadline() const override { return std::nullopt; }
  void on_deadline(time_point) override {}

  tls::send_outcome send(bytes_view data, time_point) override {
    if (state_ != engine_state::established) return tls::send_outcome::not_connected;
    if (kind_ == plain_kind::datagram && data.size() > at::max_datagram_bytes)
      return tls::send_outcome::too_long;
    if (kind_ == plain_kind::datagram) {
      outgoing_.push(data);
    } else if (!data.empty()) {
      outgoing_.extend(data, joined_bytes);
    }
    return tls::send_outcome::ok;
  }
  void shut(time_point) override {}

  engine_state state() const override { return state_; }
  const tls::engine_failure& failure() const override { return failure_; }
  const tls::engine_info& info() const override { return info_; }
  packet_queue& outgoing() override { return outgoing_; }
  packet_queue& incoming() override { return incoming_; }

 private:
  const plain_kind kind_;
  engine_state state_ = engine_state::idle;
  tls::engine_failure failure_;
  tls::engine_info info_;
  packet_queue outgoing_;
  packet_queue incoming_;
};

}  // namespace

std::unique_ptr<tls::engine> make_plain_engine(plain_kind kind) {
  return std::make_unique<plain_engine>(kind);
}

}  // namespace tlsmodem

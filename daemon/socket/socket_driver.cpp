#include "socket_driver.hpp"

#include <boost/asio/error.hpp>

#include <utility>
#include <variant>

namespace tlsmodem {

using std::chrono::steady_clock;

socket_driver::socket_driver(boost::asio::io_context& io, net::resolver& resolver, socket_observer& observer,
                             std::unique_ptr<socket_machine> machine)
    : io_(io), resolver_(resolver), observer_(&observer), machine_(std::move(machine)), timer_(io) {}

socket_driver::~socket_driver() {
  if (transport_) transport_->close({});
}

// ---- for the owner

std::optional<at::failure> socket_driver::bind(const net::endpoint& local) {
  if (transport_) transport_->close({});
  make_transport();
  auto wrong = transport_->bind(local);
  if (wrong) {
    transport_.reset();
    bound_.reset();
    return wrong;
  }
  bound_ = local;
  return std::nullopt;
}

void socket_driver::reopen() {
  if (transport_) std::exchange(transport_, nullptr)->close({});
  bound_.reset();
  operate([](socket_machine& machine, auto) { machine.reopen(); });
}

void socket_driver::take(std::size_t max_bytes,
                         const std::function<void(const receive_queue::frame&)>& consume) {
  consume(machine_->received().take(max_bytes));
  operate([](socket_machine& m, auto now) { m.on_taken(now); });
  if (transport_ && machine_->wants_input()) transport_->resume_reading();
}

void socket_driver::release(farewell how) {
  observer_ = nullptr;
  operate([how](socket_machine& machine, auto now) { machine.close(how, now); });
}

// ---- what the transport tells

void socket_driver::on_up(const net::endpoint& local, const net::endpoint& remote,
                          std::size_t path_limit_bytes) {
  operate([&](socket_machine& m, auto now) { m.on_transport_up(local, remote, path_limit_bytes, now); });
}

void socket_driver::on_connect_failed(at::failure why) {
  operate([&](socket_machine& m, auto now) { m.on_connect_failed(why, now); });
}

void socket_driver::on_received(bytes_view data, bool is_truncated) {
  in_turn_ = true;
  operate([&](socket_machine& m, auto now) { m.on_received(data, is_truncated, now); });
}

void socket_driver::on_turn_end() {
  in_turn_ = false;
  notice_turn();
}

void socket_driver::on_end() {
  operate([](socket_machine& m, auto now) { m.on_end(now); });
}

void socket_driver::on_error(at::failure why) {
  if (is_flushing_) {
    flush_errors_.push_back(std::move(why));
    return;
  }
  operate([&](socket_machine& m, auto now) { m.on_error(std::move(why), now); });
}

void socket_driver::on_writable() { settle(); }

bool socket_driver::wants_input() const { return machine_->wants_input(); }

// ---- doing what was decided

// Performing an action may call back (a UDP connect fails at once, a send tells an old ICMP error): what that
// decides is done in another round, never in the middle of this one.
void socket_driver::settle() {
  is_unsettled_ = true;
  if (is_settling_) return;
  const auto self = shared_from_this();
  is_settling_ = true;
  while (std::exchange(is_unsettled_, false)) settle_once();
  is_settling_ = false;
  arm_timer();
  if (!in_turn_) notice_turn();
}

void socket_driver::settle_once() {
  for (const auto& action : machine_->take_actions())
    std::visit([this](const auto& what) { perform(what); }, action);
  flush();
}

void socket_driver::notice_turn() {
  if (observer_ != nullptr) observer_->on_socket_changed(machine_->id());
}

void socket_driver::flush() {
  auto* queue = machine_->outgoing();
  if (!transport_ || queue == nullptr) return;
  const auto before = queue->bytes();
  if (before > 0 || !queue->empty()) {
    const auto transport = transport_;  // an error may close it under our feet
    is_flushing_ = true;
    transport->flush(*queue);
    is_flushing_ = false;
    machine_->on_sent(before - std::min(before, queue->bytes()));
    // Only now: the machine may drop the engine, and with it the queue.
    for (auto& why : std::exchange(flush_errors_, {})) on_error(std::move(why));
  }
  finish_sending_if_due();
}

void socket_driver::finish_sending_if_due() {
  const auto* queue = machine_->outgoing();
  if (!is_end_due_ || (queue != nullptr && !queue->empty())) return;
  is_end_due_ = false;
  if (transport_) transport_->end_sending();
}

void socket_driver::perform(const resolve_name& what) {
  // An answer to an earlier connect's question must not be taken for this one's.
  const auto question = ++question_;
  resolver_.resolve(
      what.host, what.family, [weak = weak_from_this(), question](net::resolver::addresses found) {
        const auto self = weak.lock();
        if (self && self->question_ == question)
          self->operate([&](socket_machine& m, auto now) { m.on_resolved(std::move(found), now); });
      });
}

void socket_driver::perform(const open_transport& what) {
  is_end_due_ = false;
  if (!transport_) {
    make_transport();
    if (bound_) {
      if (auto wrong = transport_->bind(*bound_)) {
        machine_->on_connect_failed(*wrong, steady_clock::now());
        is_unsettled_ = true;
        return;
      }
    }
  }
  const auto transport = transport_;
  transport->connect(what.remote);
}

void socket_driver::perform(const end_sending&) { is_end_due_ = true; }

void socket_driver::perform(const close_transport&) {
  if (!transport_) return;
  tls::packet_queue unsent;
  if (auto* queue = machine_->outgoing()) {
    machine_->on_sent(queue->bytes());
    unsent = std::move(*queue);
    queue->clear();
  }
  std::exchange(transport_, nullptr)->close(std::move(unsent));
  in_turn_ = false;  // a closed transport does not tell the end of its turn
}

void socket_driver::perform(const emit_event& what) {
  if (observer_ != nullptr) observer_->on_socket_event(what.line, what.sentence);
}

void socket_driver::make_transport() {
  const auto& options = machine_->options();
  transport_ =
      options.is_datagram() ? net::make_udp(io_, options.os, *this) : net::make_tcp(io_, options.os, *this);
}

void socket_driver::arm_timer() {
  const auto deadline = machine_->deadline();
  if (deadline == armed_for_) return;
  armed_for_ = deadline;
  if (!deadline) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(*deadline);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->armed_for_.reset();
    self->operate([](socket_machine& m, auto now) { m.on_deadline(now); });
  });
}

}  // namespace tlsmodem

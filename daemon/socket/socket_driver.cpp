#include "socket_driver.hpp"

#include "daemon/dtls12/record.hpp"
#include "daemon/support/log.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <utility>
#include <variant>

namespace tlsmodem {

using std::chrono::steady_clock;

class socket_driver::link final : public net::transport_observer, public std::enable_shared_from_this<link> {
 public:
  link(socket_driver& owner, transport_slot is) : owner_(owner), slot_(is) {}

  void open(boost::asio::io_context& io, const profile& options) {
    transport_ =
        options.is_datagram() ? net::make_udp(io, options.os, *this) : net::make_tcp(io, options.os, *this);
  }
  const std::shared_ptr<net::transport>& transport() const { return transport_; }
  void move_to(transport_slot now) { slot_ = now; }
  // Nothing is told any more.
  std::size_t close(packet_queue unsent, std::chrono::milliseconds awaits_goodbye = {}) {
    return std::exchange(transport_, nullptr)
        ->close(std::move(unsent), {awaits_goodbye, &dtls12::may_be_goodbye});
  }

 private:
  // What is told may end this very link.
  void on_up(const net::endpoint& local, const net::endpoint& remote, std::size_t path_limit_bytes) override {
    const auto self = shared_from_this();
    owner_.on_up(slot_, local, remote, path_limit_bytes);
  }
  void on_connect_failed(at::failure why) override {
    const auto self = shared_from_this();
    owner_.on_connect_failed(slot_, std::move(why));
  }
  void on_received(bytes_view data, bool is_truncated) override {
    const auto self = shared_from_this();
    owner_.on_received(slot_, data, is_truncated);
  }
  void on_received_from(const net::endpoint& from, bytes_view data) override {
    const auto self = shared_from_this();
    owner_.on_received_from(slot_, from, data);
  }
  void on_turn_end() override { owner_.on_turn_end(); }
  void on_end() override {
    const auto self = shared_from_this();
    owner_.on_end(slot_);
  }
  void on_error(at::failure why) override {
    const auto self = shared_from_this();
    owner_.on_error(slot_, std::move(why));
  }
  void on_path_limit(std::size_t path_limit_bytes, at::failure why) override {
    const auto self = shared_from_this();
    owner_.on_error(slot_, std::move(why), path_limit_bytes);
  }
  bool on_address_gone() override { return owner_.on_address_gone(slot_); }
  void on_writable() override {
    const auto self = shared_from_this();
    owner_.settle();
  }
  bool wants_input() const override {
    return slot_ == transport_slot::next || owner_.machine_->wants_input();
  }

  socket_driver& owner_;
  transport_slot slot_;
  std::shared_ptr<net::transport> transport_;
};

socket_driver::socket_driver(boost::asio::io_context& io, net::resolver& resolver, socket_observer& observer,
                             std::unique_ptr<socket_machine> machine)
    : io_(io), resolver_(resolver), observer_(&observer), machine_(std::move(machine)), timer_(io) {
  machine_->when_reserved(
      [this] { operate([](socket_machine& m, auto now) { m.on_numbers_reserved(now); }); });
}

socket_driver::~socket_driver() {
  if (current_) current_->close({});
  if (next_) next_->close({});
}

std::shared_ptr<socket_driver::link>& socket_driver::slot(transport_slot which) {
  return which == transport_slot::current ? current_ : next_;
}

void socket_driver::make_transport(transport_slot which) {
  auto& made = slot(which) = std::make_shared<link>(*this, which);
  made->open(io_, machine_->options());
}

std::size_t socket_driver::close(transport_slot which, packet_queue unsent,
                                 std::chrono::milliseconds awaits_goodbye) {
  const auto closed = std::exchange(slot(which), nullptr);
  return closed ? closed->close(std::move(unsent), awaits_goodbye) : 0;
}

// ---- for the owner

std::optional<at::failure> socket_driver::bind(const net::endpoint& local) {
  close(transport_slot::current, {});
  make_transport(transport_slot::current);
  has_moved_ = false;
  auto wrong = current_->transport()->bind(local);
  bound_ = wrong ? std::nullopt : std::optional(local);
  if (wrong) close(transport_slot::current, {});
  machine_->keep_port(bound_ && bound_->port != 0);
  machine_->on_bound(bound_ ? current_->transport()->local() : net::endpoint{});
  return wrong;
}

void socket_driver::reopen() {
  close(transport_slot::current, {});
  bound_.reset();
  machine_->keep_port(false);
  machine_->on_bound({});
  operate([](socket_machine& machine, auto) { machine.reopen(); });
}

void socket_driver::take(std::size_t max_bytes,
                         const std::function<void(const receive_queue::frame&)>& consume) {
  consume(machine_->received().take(max_bytes));
  operate([](socket_machine& m, auto now) { m.on_taken(now); });
  if (current_ && machine_->wants_input()) current_->transport()->resume_reading();
}

void socket_driver::release(farewell how) {
  observer_ = nullptr;
  operate([how](socket_machine& machine, auto now) { machine.close(how, now); });
}

// ---- what the transports tell

void socket_driver::on_up(transport_slot slot, const net::endpoint& local, const net::endpoint& remote,
                          std::size_t path_limit_bytes) {
  operate([&](socket_machine& m, auto now) {
    if (slot == transport_slot::current) {
      m.on_transport_up(local, remote, path_limit_bytes, now);
    } else {
      m.on_next_up(local, remote, path_limit_bytes, now);
    }
  });
}

void socket_driver::on_connect_failed(transport_slot slot, at::failure why) {
  operate([&](socket_machine& m, auto now) {
    if (slot == transport_slot::current) {
      m.on_connect_failed(why, now);
    } else {
      m.on_next_failed(why, now);
    }
  });
}

void socket_driver::on_received(transport_slot slot, bytes_view data, bool is_truncated) {
  in_turn_ = true;
  operate([&](socket_machine& m, auto now) {
    if (slot == transport_slot::current) {
      m.on_received(data, is_truncated, now);
    } else {
      m.on_next_received(data, now);
    }
  });
}

void socket_driver::on_received_from(transport_slot slot, const net::endpoint& from, bytes_view data) {
  if (slot != transport_slot::current) return;
  in_turn_ = true;
  operate([&](socket_machine& m, auto now) { m.on_received_from_elsewhere(from, data, now); });
}

void socket_driver::on_turn_end() {
  in_turn_ = false;
  notice_turn();
}

void socket_driver::on_end(transport_slot slot) {
  operate([&](socket_machine& m, auto now) {
    if (slot == transport_slot::current) {
      m.on_end(now);
    } else {
      m.on_next_end(now);
    }
  });
}

void socket_driver::on_error(transport_slot slot, at::failure why,
                             std::optional<std::size_t> path_limit_bytes) {
  if (is_flushing_) {
    flush_errors_.push_back({this->slot(slot), std::move(why), path_limit_bytes});
    return;
  }
  operate([&](socket_machine& m, auto now) {
    if (path_limit_bytes) {
      m.on_path_limit(slot, *path_limit_bytes, why, now);
    } else if (slot == transport_slot::current) {
      m.on_error(why, now);
    } else {
      m.on_next_failed(why, now);
    }
  });
}

bool socket_driver::on_address_gone(transport_slot slot) {
  if (slot != transport_slot::current || !machine_->can_move()) return false;
  is_moving_ = true;
  return true;
}

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
  tell_flush_error();
}

// One in each round, as what is decided about it may close the transport that the next one is of: then that
// is nothing to the transport that comes after.
void socket_driver::tell_flush_error() {
  if (flush_errors_.empty()) return;
  auto [of, why, limit] = std::move(flush_errors_.front());
  flush_errors_.pop_front();
  is_unsettled_ = true;
  if (of == current_ || of == next_)
    on_error(of == current_ ? transport_slot::current : transport_slot::next, std::move(why), limit);
}

void socket_driver::notice_turn() {
  if (observer_ != nullptr) observer_->on_socket_changed(machine_->id());
}

void socket_driver::flush() {
  flush(machine_->outgoing(), transport_slot::current);
  const auto beside = machine_->next_outgoing();
  flush(beside.queue, beside.slot);
  if (std::exchange(is_moving_, false)) operate([](socket_machine& m, auto) { m.rebind(); });
  finish_sending_if_due();
}

void socket_driver::flush(packet_queue* queue, transport_slot through) {
  const auto carrier = slot(through);  // an error may close it under our feet
  if (!carrier || queue == nullptr || queue->empty()) return;
  const auto before = queue->bytes();
  is_flushing_ = true;
  carrier->transport()->flush(*queue);
  is_flushing_ = false;
  machine_->on_sent(before - std::min(before, queue->bytes()));
}

void socket_driver::finish_sending_if_due() {
  const auto* queue = machine_->outgoing();
  if (!is_end_due_ || (queue != nullptr && !queue->empty())) return;
  is_end_due_ = false;
  if (current_) current_->transport()->end_sending();
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
  const bool is_current = what.in == transport_slot::current;
  if (is_current) is_end_due_ = false;
  if (!slot(what.in)) {
    make_transport(what.in);
    // Beside the association only the address is wanted: its port is taken.
    std::optional<at::failure> wrong;
    if (is_current) has_moved_ = false;
    if (bound_ && !has_moved_) {
      wrong = slot(what.in)->transport()->bind(is_current ? *bound_ : net::endpoint{bound_->address, 0});
    } else if (what.local.port != 0) {
      wrong = slot(what.in)->transport()->bind(what.local);
    }
    if (wrong) {
      if (is_current) {
        machine_->on_connect_failed(*wrong, steady_clock::now());
      } else {
        machine_->on_next_failed(*wrong, steady_clock::now());
      }
      is_unsettled_ = true;
      return;
    }
  }
  const auto transport = slot(what.in)->transport();
  transport->connect(what.remote);
}

void socket_driver::perform(const receive_from_anywhere&) {
  if (current_) current_->transport()->receive_from_anywhere();
}

void socket_driver::perform(const move_transport& what) {
  if (current_) current_->transport()->move_to(what.remote);
}

void socket_driver::perform(const rebind_transport& what) {
  close(transport_slot::current, {});
  in_turn_ = false;
  has_moved_ = true;
  make_transport(transport_slot::current);
  const auto transport = current_->transport();
  transport->connect(what.remote);
}

void socket_driver::perform(const end_sending&) { is_end_due_ = true; }

void socket_driver::perform(const close_transport& what) {
  if (!slot(what.in)) return;
  packet_queue unsent = what.unsent;
  if (auto* queue = machine_->outgoing(); queue != nullptr && what.in == transport_slot::current) {
    unsent = std::move(*queue);
    queue->clear();
  }
  machine_->on_sent(close(what.in, std::move(unsent), what.awaits_goodbye));
  in_turn_ = false;  // a closed transport does not tell the end of its turn
}

void socket_driver::perform(const replace_transport& what) {
  machine_->on_sent(close(transport_slot::current, what.unsent, what.awaits_goodbye));
  in_turn_ = false;
  current_ = std::exchange(next_, nullptr);
  if (current_) current_->move_to(transport_slot::current);
}

void socket_driver::perform(const emit_event& what) {
  if (observer_ != nullptr) observer_->on_socket_event(what.line, what.sentence);
}

void socket_driver::perform(const note_in_log& what) {
  log(level::notice, what.message,
      {{"socket", machine_->id()}, {"host", what.host}, {"reason", what.reason}});
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

#include "simulation.hpp"

#include <algorithm>

namespace tlsmodem::test {
namespace {

constexpr tls::milliseconds transit{5};
constexpr int max_extra_ms = 50;

}  // namespace

simulation::simulation(tls::engine& client, test_server& server, network_conditions conditions)
    : client_(client), server_(server), conditions_(std::move(conditions)), random_(conditions_.seed) {}

void simulation::connect() {
  client_.start(now_);
  run_until([&] {
    return client_.state() == tls::engine_state::established || client_.state() == tls::engine_state::failed;
  });
}

void simulation::settle(tls::milliseconds limit) {
  run_until([] { return false; }, limit);
}

bool simulation::run_until(const std::function<bool()>& done, tls::milliseconds limit) {
  const tls::time_point end = now_ + limit;
  for (;;) {
    collect();
    if (done()) return true;
    const auto next = next_event();
    if (!next || *next > end) return false;
    now_ = std::max(now_, *next);
    handle_events();
  }
}

void simulation::collect() {
  while (!client_.outgoing().empty()) {
    const bytes_view front = client_.outgoing().front();
    sent_by_client_.push_back({elapsed(), {front.begin(), front.end()}});
    take(direction::to_server, sent_by_client_.back().data);
    client_.outgoing().pop();
  }
  while (!server_.outgoing().empty()) {
    const bytes_view front = server_.outgoing().front();
    take(direction::to_client, bytes(front.begin(), front.end()));
    server_.outgoing().pop();
  }
}

void simulation::take(direction to, bytes_view data) {
  const unsigned number = count_[static_cast<int>(to)]++;
  if (conditions_.loses && conditions_.loses(to, number, data)) return;
  if (percent(conditions_.loss_percent)) return;
  schedule(to, data);
  if (percent(conditions_.duplicate_percent)) schedule(to, data);
}

void simulation::schedule(direction to, bytes_view data) {
  tls::time_point at = now_ + transit;
  if (percent(conditions_.reorder_percent)) at += tls::milliseconds{random_() % max_extra_ms};
  const auto later =
      std::upper_bound(under_way_.begin(), under_way_.end(), at,
                       [](tls::time_point time, const packet& other) { return time < other.at; });
  under_way_.insert(later, {at, to, {data.begin(), data.end()}});
}

std::optional<tls::time_point> simulation::next_event() const {
  std::optional<tls::time_point> next;
  const auto consider = [&](std::optional<tls::time_point> time) {
    if (time && (!next || *time < *next)) next = time;
  };
  consider(client_.deadline());
  consider(server_.deadline());
  if (!under_way_.empty()) consider(under_way_.front().at);
  return next;
}

void simulation::handle_events() {
  if (!under_way_.empty() && under_way_.front().at <= now_) {
    const packet arrived = std::move(under_way_.front());
    under_way_.erase(under_way_.begin());
    if (arrived.to == direction::to_server) {
      server_.feed(arrived.data, now_);
    } else {
      client_.feed(arrived.data, now_);
    }
    return;
  }
  if (client_.deadline() && *client_.deadline() <= now_) return client_.on_deadline(now_);
  if (server_.deadline() && *server_.deadline() <= now_) server_.on_deadline(now_);
}

bool simulation::percent(unsigned chance) { return chance != 0 && random_() % 100 < chance; }

}  // namespace tlsmodem::test

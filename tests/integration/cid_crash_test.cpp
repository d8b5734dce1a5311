// The daemon is killed at random moments of a stream of records, and continues each time: no number is used
// twice, and the peer goes on as if nothing had been.
#include "cid_fixture.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string_view>

namespace tlsmodem::test {
namespace {

struct extent {
  int kills;
  std::size_t records_of_life;  // on average
};

// 200 kills and 100,000 records with TLSMODEM_LONG_CRASH_TEST=1 in the environment.
extent chosen() {
  const char* is_long = std::getenv("TLSMODEM_LONG_CRASH_TEST");
  return is_long != nullptr && std::string_view(is_long) == "1" ? extent{200, 520} : extent{10, 200};
}

constexpr std::size_t window = 32;  // records under way: no socket on the way overflows
constexpr unsigned seed = 9146;
constexpr std::size_t replayed_datagrams = 100;

class cid_crash : public cid_test {
 protected:
  std::size_t random(std::size_t from, std::size_t to) {
    return std::uniform_int_distribution<std::size_t>(from, to)(random_);
  }

  // Streams until so many records have passed, and kills the daemon in the middle of it.
  void stream_and_kill(test_channel& channel, int id, std::size_t records) {
    const auto until = relay_->client_records() + records;
    while (relay_->client_records() < until) {
      std::string lines;
      for (std::size_t i = 0; i < window; ++i) lines += quiet_send(id);
      if (channel.raw().write(lines, deadline())) throw std::runtime_error("the daemon took no lines");
      std::size_t answers = 0;
      for (; answers < window && relay_->client_records() < until; ++answers) channel.event("#TRX");
      if (answers == window) received_until_ = relay_->datagrams();
    }
    for (volatile std::size_t turns = random(0, 200'000); turns > 0;) turns = turns - 1;
    daemon_.daemon().signal(SIGKILL);
    if (!daemon_.daemon().wait()) throw std::runtime_error("the daemon does not die");
    while (channel.raw().next_event(deadline())) {
    }
  }

  std::string quiet_send(int id) {
    const auto payload = "number " + std::to_string(++number_) + "\n";
    return "AT#TSEND=" + std::to_string(id) + "," + std::to_string(payload.size()) + ",1\r" + payload;
  }

  // The server has answered all that was sent: a Finished and what follows on each side.
  void await_silence() const {
    const auto sent = relay_->protected_records(true);
    if (!eventually([&] { return relay_->protected_records(false) == sent; }))
      throw std::runtime_error(std::to_string(relay_->protected_records(false)) + " answers to " +
                               std::to_string(sent));
  }

  // What the daemon that was killed has received is not taken again. (What it has not is no replay, and there
  // is some of it behind each kill.)
  void expect_replays_refused(test_channel& channel, int id) {
    const auto newest = received_until_ - std::min(received_until_, replayed_datagrams);
    relay_->replay_to_client(std::max(received_from_, newest), received_until_);
    exchange(channel, id, "behind replays " + std::to_string(received_until_) + "\n");
    channel.ok("AT");
    const auto surplus = channel.raw().next_event(std::chrono::steady_clock::now());
    EXPECT_FALSE(surplus) << surplus->line;
    received_from_ = lives_from_;
    received_until_ = relay_->datagrams();
  }

  std::mt19937 random_{seed};
  std::size_t number_ = 0;
  // Datagrams, counted by the relay.
  std::size_t lives_from_ = 0;  // the running daemon's first
  std::size_t received_from_ = 0;
  std::size_t received_until_ = 0;
};

TEST_F(cid_crash, at_random_moments_uses_no_number_twice) {
  const auto how_much = chosen();
  std::cout << how_much.kills << " kills, seed " << seed << "\n";
  start_server(cid_suite_called("psk_aes128_ccm8"));
  auto channel = client();
  auto link = connect(channel);
  flush_store();
  for (int kill = 0; kill < how_much.kills && !HasFailure(); ++kill) {
    SCOPED_TRACE("kill " + std::to_string(kill));
    forget_printed();
    channel.ok("AT#TPROMPT=0");
    stream_and_kill(channel, link.id, random(1, 2 * how_much.records_of_life));
    await_silence();
    lives_from_ = relay_->datagrams();
    restart(channel, daemon_end::killed);
    channel = client();
    link = continue_association(channel, link, daemon_end::killed);
    expect_replays_refused(channel, link.id);
  }
  close(channel, link.id);
  std::cout << relay_->client_records() << " records of the client\n";
}

}  // namespace
}  // namespace tlsmodem::test

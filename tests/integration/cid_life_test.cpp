// What becomes of an association: its client moves, sleeps, says goodbye, is not who it was, or hears things
// twice.
#include "cid_fixture.hpp"
#include "tests/support/own_address.hpp"

#include <csignal>
#include <filesystem>
#include <map>
#include <ostream>

namespace tlsmodem::test {
namespace {

class cid_life : public cid_test {};

class cid_moves : public cid_test {
 protected:
  cid_moves() : cid_test("allow-network-tests = 1\n") {}
};

TEST_F(cid_moves, to_a_new_port_without_a_handshake) {
  start_server(cid_suite_called("psk_aes128_ccm8"));
  auto channel = client();
  auto link = connect(channel);
  exchange(channel, link.id, "one\n");
  const auto from = relay_->datagrams();
  channel.ok("AT#TNET=\"rebind\"");
  exchange(channel, link.id, "two\n");
  const auto moved_to = relay_->log().records().back().client_port;
  EXPECT_NE(moved_to, link.up.local_port);
  EXPECT_EQ(handshake_records(relay_->log(), from), 0U);
  const auto again = survive(channel, link);
  close(channel, again.id);
}

TEST_F(cid_life, a_silent_close_keeps_the_association) {
  start_server(cid_suite_called("psk_aes128_ccm8"));
  auto channel = client();
  auto link = connect(channel);
  exchange(channel, link.id, "one\n");
  for (int round = 0; round < 2; ++round) {
    const auto passed = relay_->datagrams();
    channel.ok("AT#TCLOSE=" + std::to_string(link.id) + ",1");
    channel.ok("AT");
    EXPECT_EQ(relay_->datagrams(), passed);
    link = continue_association(channel, link, daemon_end::stopped);
  }
  channel.ok("AT#TCLOSE=" + std::to_string(link.id) + ",1");
  restart(channel, daemon_end::killed);
  channel = client();
  link = continue_association(channel, link, daemon_end::killed);
  close(channel, link.id);
}

TEST_F(cid_life, starts_without_a_use_cost_no_handshake) {
  start_server(cid_suite_called("psk_aes128_ccm8"));
  auto channel = client();
  const auto link = connect(channel);
  exchange(channel, link.id, "one\n");
  restart(channel, daemon_end::reboot);
  for (const int signal : {SIGTERM, SIGKILL, SIGTERM}) daemon_.restart(signal);
  channel = client();
  const auto again = continue_association(channel, link, daemon_end::reboot);
  exchange_after(daemon_end::reboot, channel, again.id, "two\n");
  close(channel, again.id);
}

TEST_F(cid_life, goodbye_ends_the_association) {
  start_server(cid_suite_called("psk_aes128_ccm8"));
  auto channel = client();
  auto link = connect(channel);
  exchange(channel, link.id, "one\n");
  close(channel, link.id);
  link = connect(channel, link.handle);
  EXPECT_EQ(link.up.how, 1);
  exchange(channel, link.id, "two\n");
  close(channel, link.id);
  restart(channel, daemon_end::killed);
  channel = client();
  link = connect(channel, link.handle);
  EXPECT_EQ(link.up.how, 1);
  exchange(channel, link.id, "three\n");
  close(channel, link.id);
}

// The server knows nothing of it any more: who continued would speak to nobody.
TEST_F(cid_life, goodbye_is_remembered_by_a_daemon_killed_at_once) {
  start_server(cid_suite_called("psk_aes128_ccm8"));
  auto channel = client();
  const auto link = connect(channel);
  exchange(channel, link.id, "one\n");
  flush_store();
  channel.ok("AT#TCLOSE=" + std::to_string(link.id));
  daemon_.restart(SIGKILL);
  await_printed("connection was closed gracefully", 1);
  auto next = client();
  EXPECT_NE(connect(next, link.handle).up.how, 2);
}

TEST_F(cid_life, nothing_is_kept_unless_the_profile_says_so) {
  start_server(cid_suite_called("psk_aes128_ccm8"));
  auto channel = client(own_cid, {R"("keep",0)"});
  const auto link = connect(channel);
  exchange(channel, link.id, "one\n");
  daemon_.restart(SIGKILL);
  auto next = client();
  EXPECT_NE(connect(next, link.handle).up.how, 2);
}

// A backup of the store of a running daemon, put back into the same files.
TEST_F(cid_life, an_older_store_without_its_counters_does_not_continue) {
  start_server(cid_suite_called("psk_aes128_gcm"));
  auto channel = client();
  const auto link = connect(channel);
  exchange(channel, link.id, "one\n");
  flush_store();
  std::map<std::string, std::string> backup;
  for (const char* name : {"store.db", "store.db-wal"}) backup[name] = read_file(daemon_.state_path(name));
  exchange(channel, link.id, "two\n");
  daemon_.stop(SIGKILL);
  for (const auto& [name, content] : backup) write_file(daemon_.state_path(name), content);
  std::filesystem::resize_file(daemon_.state_path("associations.counters"), 0);
  daemon_.restart(SIGKILL);
  auto next = client();
  const auto again = connect(next, link.handle);
  EXPECT_EQ(again.up.how, 1);
  exchange(next, again.id, "three\n");
  close(next, again.id);
}

TEST_F(cid_life, another_user_of_the_handle_does_not_continue) {
  start_server(cid_suite_called("psk_aes128_ccm8"));
  auto channel = client();
  const auto link = connect(channel);
  exchange(channel, link.id, "one\n");
  restart(channel, daemon_end::killed);
  auto stranger = client();
  stranger.tcred(tag::device, 3, wrong_psk_key);
  const int id = stranger.open();
  stranger.ok("AT#TRESUME=" + std::to_string(id) + "," + at::quote(link.handle));
  stranger.ok("AT#TCONN=" + std::to_string(id) + ",\"127.0.0.1\"," + std::to_string(relay_->port()));
  auto item = stranger.event();
  while (item.line.starts_with("#TKEY:")) item = stranger.event();
  EXPECT_TRUE(item.line.starts_with("#TFAIL:")) << item.line;
}

TEST_F(cid_life, records_that_come_again_are_taken_once) {
  start_server(cid_suite_called("psk_aes128_ccm8"));
  relay_->deliver(delivery::doubled);
  auto channel = client();
  auto link = connect(channel);
  for (const auto how : {daemon_end::stopped, daemon_end::killed}) {
    for (const auto* message : {"one\n", "two\n", "three\n"}) exchange(channel, link.id, message);
    restart(channel, how);
    channel = client();
    link = continue_association(channel, link, how);
    relay_->replay_to_client(0, relay_->datagrams());
    exchange(channel, link.id, "behind replays\n");
    channel.ok("AT");
    const auto surplus = channel.raw().next_event(std::chrono::steady_clock::now());
    EXPECT_FALSE(surplus) << surplus->line;
  }
}

// The last flight of an abbreviated handshake is the client's. If it is lost, and the daemon with it, then
// whoever continues must be able to repeat it.
class cid_lost_last_flight : public cid_test, public ::testing::WithParamInterface<daemon_end> {};

TEST_P(cid_lost_last_flight, is_repeated_by_who_continues) {
  start_server(cid_suite_called("psk_aes128_ccm8"), {.more = {"hs_timeout=100-10000"}});
  auto channel = client();
  auto link = connect(channel);
  exchange(channel, link.id, "one\n");
  close(channel, link.id);
  relay_->lose_flight(5);
  link = connect(channel, link.handle);
  EXPECT_EQ(link.up.how, 1);
  EXPECT_TRUE(eventually([&] { return relay_->has_lost_flight(); }));
  restart(channel, GetParam());
  channel = client();
  link = connect(channel, link.handle);
  EXPECT_EQ(link.up.how, 2);
  exchange_with_loss(channel, link.id, "two\n");
  EXPECT_EQ(times_printed("Waiting for a remote connection"),
            4U);  // with those of the cookies: no third client
  restart(channel, GetParam());
  channel = client();
  link = continue_association(channel, link, GetParam());
  close(channel, link.id);
}

INSTANTIATE_TEST_SUITE_P(after, cid_lost_last_flight,
                         ::testing::Values(daemon_end::stopped, daemon_end::killed), [](const auto& made) {
                           return made.param == daemon_end::stopped ? "a_stop" : "a_kill";
                         });

TEST_F(cid_life, a_server_that_wants_to_renegotiate_is_ignored) {
  start_server(cid_suite_called("psk_aes128_gcm"),
               {.more = {"renegotiation=1", "renegotiate=1", "renego_delay=-1", "hs_timeout=60000-60000"}});
  auto channel = client();
  auto link = connect(channel);
  const auto from = relay_->datagrams();
  for (const auto* message : {"one\n", "two\n", "three\n"}) exchange(channel, link.id, message);
  EXPECT_EQ(times_printed("Requestion renegotiation... ok"), 1U);
  EXPECT_GT(relay_->protected_records(false), 1U + 3U);  // its Finished, the answers, and requests
  EXPECT_EQ(relay_->protected_records(true), 1U + 3U);
  EXPECT_EQ(handshake_records(relay_->log(), from), 0U);
  link = survive(channel, link);
  exchange(channel, link.id, "four\n");
}

// RFC 9146 6.
TEST_F(cid_life, a_server_that_moves_is_followed) {
  start_server(cid_suite_called("psk_aes128_gcm"));
  auto channel = client();
  const auto link = connect(channel);
  exchange(channel, link.id, "one\n");
  relay_->speak_from_elsewhere(true);
  channel.send(link.id, "two\n");
  const auto moved = at::parse_moved(channel.event("#TMOVED").line);
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->id, link.id);
  EXPECT_EQ(moved->address, "127.0.0.1");
  EXPECT_EQ(moved->port, relay_->port_elsewhere());
  EXPECT_TRUE(channel.event("#TRX").line.starts_with("#TRX: 1,"));
  EXPECT_EQ(relay_->heard_elsewhere(), 0U);
  exchange(channel, link.id, "three\n");
  EXPECT_EQ(relay_->heard_elsewhere(), 1U);
  EXPECT_EQ(channel.info(link.id, "remote"), "\"127.0.0.1\"," + std::to_string(relay_->port_elsewhere()));

  daemon_.restart(SIGTERM);  // the new address is what is kept
  auto next = client();
  const auto again = connect(next, link.handle);
  EXPECT_EQ(again.up.how, 2);
  EXPECT_EQ(again.up.remote_port, relay_->port_elsewhere());
  exchange(next, again.id, "four\n");
  EXPECT_EQ(relay_->heard_elsewhere(), 2U);
}

TEST_F(cid_life, replays_from_elsewhere_move_nothing) {
  start_server(cid_suite_called("psk_aes128_gcm"));
  auto channel = client();
  const auto link = connect(channel);
  exchange(channel, link.id, "one\n");
  relay_->speak_from_elsewhere(true);
  relay_->replay_to_client(0, relay_->datagrams());
  relay_->speak_from_elsewhere(false);
  exchange(channel, link.id, "two\n");  // the next event is its answer
  EXPECT_EQ(channel.info(link.id, "remote"), "\"127.0.0.1\"," + std::to_string(relay_->port()));
  EXPECT_EQ(relay_->heard_elsewhere(), 0U);
}

TEST_F(cid_life, without_an_own_id_no_other_address_is_listened_to) {
  start_server(cid_suite_called("psk_aes128_gcm"));
  auto channel = client("");
  const auto link = connect(channel);
  exchange(channel, link.id, "one\n");
  relay_->speak_from_elsewhere(true);
  const auto answered = relay_->protected_records(false);
  channel.send(link.id, "two\n");
  ASSERT_TRUE(eventually([&] { return relay_->protected_records(false) > answered; }));
  relay_->speak_from_elsewhere(false);
  exchange(channel, link.id, "three\n");
  EXPECT_EQ(relay_->heard_elsewhere(), 0U);
}

class cid_own_address : public cid_life {
 protected:
  // A socket that comes from `address_`.
  cid_link connect_from(test_channel& channel) const {
    cid_link made;
    made.id = channel.open();
    const auto id = std::to_string(made.id);
    channel.ok("AT#TBIND=" + id + "," + at::quote(address_.text()) + ",0");
    channel.ok("AT#TCONN=" + id + ",\"127.0.0.1\"," + std::to_string(relay_->port()));
    made.handle = at::parse_key(channel.event("#TKEY").line).value().handle;
    made.up = at::parse_up(channel.event("#TUP").line).value();
    EXPECT_EQ(made.up.local_address, address_.text());
    return made;
  }
  own_address address_{"192.0.2.7"};
};

TEST_F(cid_own_address, that_goes_away_costs_neither_datagram_nor_handshake) {
  start_server(cid_suite_called("psk_aes128_gcm"));
  auto channel = client();
  const auto link = connect_from(channel);
  exchange(channel, link.id, "one\n");
  address_.take_away();
  exchange(channel, link.id, "two\n");
  EXPECT_TRUE(channel.info(link.id, "local").starts_with("\"127.0.0.1\""));
  EXPECT_EQ(relay_->log().associations().size(), 1U);
}

TEST_F(cid_own_address, that_went_away_is_not_needed_for_a_new_handshake) {
  start_server(cid_suite_called("psk_aes128_gcm"));
  auto channel = client();
  const auto link = connect_from(channel);
  address_.take_away();
  exchange(channel, link.id, "one\n");
  channel.ok("AT#TREHS=" + std::to_string(link.id));
  const auto up = at::parse_up(channel.event("#TUP").line);
  ASSERT_TRUE(up);
  EXPECT_EQ(up->local_address, "127.0.0.1");
  exchange(channel, link.id, "two\n");
}

TEST_F(cid_own_address, that_went_while_the_daemon_was_away_costs_no_handshake) {
  start_server(cid_suite_called("psk_aes128_gcm"));
  auto channel = client();
  const auto link = connect_from(channel);
  exchange(channel, link.id, "one\n");
  address_.take_away();
  restart(channel, daemon_end::killed);
  auto next = client();
  continue_association(next, link, daemon_end::killed);
}

TEST_F(cid_own_address, is_what_a_server_without_ids_knows_the_client_by) {
  start_server(cid_suite_called("psk_aes128_gcm"), {.cid = std::nullopt});
  auto channel = client("off");
  const auto link = connect_from(channel);
  exchange(channel, link.id, "one\n");
  address_.take_away();
  channel.send(link.id, "two\n");
  EXPECT_EQ(channel.event("#TERR").line, "#TERR: " + std::to_string(link.id) + ",801");
}

TEST_F(cid_life, a_new_handshake_takes_the_place_of_the_association) {
  start_server(cid_suite_called("psk_aes128_ccm8"));
  auto channel = client();
  auto link = connect(channel);
  exchange(channel, link.id, "one\n");
  channel.ok("AT#TREHS=" + std::to_string(link.id));
  const auto up = at::parse_up(channel.event("#TUP").line);
  ASSERT_TRUE(up);
  EXPECT_EQ(up->how, 1);
  exchange(channel, link.id, "two\n");
  EXPECT_EQ(relay_->log().associations().size(), 2U);
  link = survive(channel, link);
  close(channel, link.id);
}

}  // namespace
}  // namespace tlsmodem::test

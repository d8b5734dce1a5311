// Live associations under a socket: taken up without a handshake, moved, left, ended. Socket machine,
// socket_sessions, association_store and the real engine together.
#include "daemon/tls/fingerprint.hpp"
#include "machine_fixture.hpp"
#include "tests/daemon/tls/association_fixtures.hpp"
#include "tests/support/captured_log.hpp"

#include <optional>

namespace tlsmodem::test {
namespace {

using std::chrono::seconds;

constexpr association_store::user_id alice = 1000;
const std::string handle(32, 'a');
const std::string continued_line =
    R"(#TUP: 1,2,"DTLSv1.2","TLS_PSK_WITH_AES_128_GCM_SHA256","192.0.2.1",5684,"198.51.100.7",40000)";
const std::string key_line = R"(#TKEY: 1,")" + handle + '"';

class continuing : public testing::Test {
 protected:
  std::unique_ptr<bench> open(profile options = profile_of(socket_protocol::dtls)) {
    return std::make_unique<bench>(
        std::move(options), std::make_unique<socket_sessions>(
                                sessions, &associations,
                                socket_sessions::configuration{alice, {1}, resume_mode::by_handle, true}));
  }
  // Leaves an association under the handle, as a socket that closed silently does.
  void leave(const agreed& with, std::vector<bytes> unconfirmed = {}) {
    pair.emplace(with, std::move(unconfirmed));
    association_store::place where;
    where.binding = tls::bind_to_peer({1}, {"host", std::nullopt}, 5684);
    where.host = "host";
    where.port = 5684;
    where.remote = {"192.0.2.1", 5684};
    if (with.server_cid.empty()) where.local = {"198.51.100.7", 40000};
    auto& live = *pair->client->association();
    associations.keep(alice, handle, where, live.encode(), live.counters())->release(live.counters());
  }
  std::unique_ptr<bench> connect(profile options = profile_of(socket_protocol::dtls)) {
    auto b = open(std::move(options));
    EXPECT_TRUE(b->machine->use_handle(handle));
    b->connect();
    return b;
  }
  std::unique_ptr<bench> come_up(const agreed& with) {
    leave(with);
    auto b = connect();
    b->reach();
    b->forget();
    EXPECT_EQ(b->state(), "connected");
    return b;
  }
  bytes from_server(std::string_view text) { return seal(pair->server, as_bytes(text), 23); }
  bool is_free() const {
    return associations.peek(alice, handle, tls::bind_to_peer({1}, {"host", std::nullopt}, 5684)).has_value();
  }

  seconds now{1'700'000'000};
  session_store sessions{{}, [this] { return std::chrono::sys_seconds(now); }};
  association_store associations{{}, [this] { return std::chrono::sys_seconds(now); }};
  std::optional<live_pair> pair;  // the server's end of what was left
};

const agreed no_cid{};
const agreed with_cids{gcm, {1, 2}, {3, 4}};

// After `kill -9` the next process would send it to a server that has it.
TEST_F(continuing, a_last_flight_that_is_confirmed_is_not_kept) {
  leave(no_cid, {bytes{20, 1}, bytes{22, 2}});
  const auto b = connect();
  b->reach();
  const auto row_bytes = [this] {
    std::size_t size = 0;
    for (const auto& change : associations.take_changes())
      size += change.content ? change.content->size() : 0;
    return size;
  };
  const auto before = row_bytes();
  ASSERT_GT(before, 0U);
  b->machine->on_received(from_server("data"), false, b->now);
  const auto after = row_bytes();
  EXPECT_GT(after, 0U);
  EXPECT_LT(after, before);
  b->machine->on_received(from_server("more"), false, b->now);
  EXPECT_EQ(row_bytes(), 0U);
}

// Of a later version of the daemon, say.
TEST_F(continuing, what_cannot_be_read_is_logged_and_a_handshake_takes_its_place) {
  leave(with_cids);
  auto taken = associations.take(alice, handle, tls::bind_to_peer({1}, {"host", std::nullopt}, 5684));
  ASSERT_TRUE(taken);
  taken->lease->update(secret(as_bytes("rubbish")));
  taken->lease->release(taken->counters);
  const captured_log log;
  const auto b = connect();
  b->reach();
  EXPECT_EQ(log.count("a live association cannot be read and is not used table=association uid=1000"), 1)
      << log.text();
  EXPECT_EQ(log.count("rubbish"), 0);
  EXPECT_FALSE(is_free());
  b->resolve();
  b->reach();
  EXPECT_EQ(b->engines, 1);
}

TEST_F(continuing, nothing_is_asked_or_sent) {
  leave(with_cids);
  const auto b = connect();
  EXPECT_EQ(b->actions(), words{"open 192.0.2.1:5684"});
  b->reach();
  EXPECT_TRUE(b->machine->outgoing()->empty());
  EXPECT_EQ(b->actions(), (words{key_line, "receive from anywhere", continued_line}));
  EXPECT_EQ(b->engines, 0) << "no handshake was made";
  EXPECT_FALSE(is_free()) << "it has one user";
}

TEST_F(continuing, without_an_id_the_port_has_to_be_the_same) {
  leave(no_cid);
  const auto b = connect();
  EXPECT_EQ(b->actions(), words{"open 192.0.2.1:5684 from 198.51.100.7:40000"});
  b->machine->on_connect_failed({at::error::address_in_use, "taken"}, b->now);
  EXPECT_EQ(b->actions(), (words{"close", "resolve host"}));
  EXPECT_TRUE(is_free()) << "another time, perhaps";
}

TEST_F(continuing, a_client_that_bound_another_port_gets_a_handshake) {
  leave(no_cid);
  for (const auto& [bound, outcome] :
       {std::pair{net::endpoint{"198.51.100.7", 40001}, "resolve host"},
        std::pair{net::endpoint{"198.51.100.8", 40000}, "resolve host"},
        std::pair{net::endpoint{"0.0.0.0", 40000}, "open 192.0.2.1:5684 from 198.51.100.7:40000"}}) {
    auto b = open();
    b->machine->on_bound(bound);
    b->machine->use_handle(handle);
    b->connect();
    EXPECT_EQ(b->actions(), words{outcome}) << bound.address << " " << bound.port;
  }
}

TEST_F(continuing, a_client_that_wants_the_other_family_gets_a_handshake) {
  leave(with_cids);
  auto options = profile_of(socket_protocol::dtls);
  options.family = net::address_family::v6;
  EXPECT_EQ(connect(options)->actions(), words{"resolve host"});
}

TEST_F(continuing, who_comes_second_gets_a_handshake) {
  leave(with_cids);
  const auto first = connect();
  const auto second = connect();
  first->reach();
  second->forget();
  second->reach();
  EXPECT_EQ(second->actions(), (words{"close", "resolve host"}));
  EXPECT_EQ(first->state(), "connected");
}

TEST_F(continuing, who_comes_second_gets_a_handle_of_its_own) {
  leave(with_cids);
  const auto first = connect();
  first->reach();
  first->forget();
  const auto second = connect();
  second->resolve();
  second->reach();
  second->forget();
  second->engine->about.may_leave_tickets = true;
  second->network("U");
  const auto told = second->actions();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_TRUE(told.front().starts_with("#TKEY: 1,"));
  EXPECT_NE(told.front(), key_line);
  EXPECT_EQ(first->send("goes on without a handshake").is, send_status::accepted);
  EXPECT_EQ(first->engines, 0);
}

// Some servers keep one association for each session, and say nothing when they drop the other.
TEST_F(continuing, who_shares_a_session_with_a_connected_socket_is_told) {
  leave(with_cids);
  const auto binding = tls::bind_to_peer({1}, {"host", std::nullopt}, 5684);
  tls::resumable_session kept;
  kept.state = secret(as_bytes("s"));
  kept.has_extended_master_secret = true;
  sessions.put(alice, handle, {binding, "host", 5684, true}, std::move(kept));
  const auto first = connect();
  first->reach();
  const auto second = connect();
  second->resolve();
  second->reach();
  second->forget();
  second->engine->about.may_leave_tickets = true;
  second->network("R");
  EXPECT_EQ(second->actions().front(), "log: resumed with the handle of a socket that is connected");
  const auto shared = [](const bench& b) {
    for (const auto& [key, value] : b.machine->info())
      if (key == "shared_session") return value;
    return std::string("(nothing)");
  };
  EXPECT_EQ(shared(*first), "0");
  EXPECT_EQ(shared(*second), "1");
}

TEST_F(continuing, what_sleeps_hears_nothing_and_can_be_taken_up) {
  const auto b = come_up(with_cids);
  b->machine->shut(farewell::silent, b->now);
  EXPECT_TRUE(b->machine->outgoing()->empty());
  EXPECT_TRUE(is_free());
  b->network(as_text(from_server("unheard")));
  EXPECT_TRUE(b->machine->received().empty());
  EXPECT_EQ(b->state(), "closing");
}

TEST_F(continuing, a_spoken_goodbye_ends_it) {
  const auto b = come_up(with_cids);
  b->machine->close(farewell::spoken, b->now);
  EXPECT_EQ(b->machine->outgoing()->packets(), 1U);
  EXPECT_FALSE(is_free());
  EXPECT_TRUE(associations.list(alice).empty());
}

TEST_F(continuing, a_daemon_that_stops_says_nothing_and_keeps_it) {
  const auto b = come_up(with_cids);
  b->machine->stop(b->now);
  EXPECT_TRUE(b->machine->outgoing()->empty());
  EXPECT_EQ(b->actions(), (words{"close", R"(#TDOWN: 1,5,-1,"The daemon is stopping.")"}));
  EXPECT_TRUE(is_free());
}

TEST_F(continuing, an_alert_of_the_server_ends_it) {
  const auto b = come_up(with_cids);
  const std::uint8_t fatal[] = {2, 80};
  b->network(as_text(seal(pair->server, fatal, 21)));
  EXPECT_EQ(b->state(), "closed");
  EXPECT_FALSE(is_free());
}

TEST_F(continuing, the_server_is_followed_to_where_it_proves_to_be) {
  const auto b = come_up(with_cids);
  const auto old = from_server("one");
  const net::endpoint there{"192.0.2.9", 7};
  b->network(as_text(from_server("two")));
  b->machine->on_received_from_elsewhere(there, old, b->now);  // authentic, but older than another
  EXPECT_EQ(b->actions(), words{});
  b->machine->on_received_from_elsewhere(there, as_bytes("rubbish"), b->now);
  EXPECT_EQ(b->actions(), words{});
  b->machine->on_received_from_elsewhere(there, from_server("three"), b->now);
  EXPECT_EQ(b->actions(), (words{"move to 192.0.2.9:7", R"(#TMOVED: 1,"192.0.2.9",7)"}));
  for (const auto* data : {"two", "one", "three"}) EXPECT_EQ(b->take(), data);
  b->machine->close(farewell::silent, b->now);
  const auto kept = associations.peek(alice, handle, tls::bind_to_peer({1}, {"host", std::nullopt}, 5684));
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->remote, there);
}

TEST_F(continuing, a_new_local_port_changes_nothing_else) {
  const auto b = come_up(with_cids);
  EXPECT_TRUE(b->machine->rebind());
  EXPECT_EQ(b->actions(), words{"rebind to 192.0.2.1:5684"});
  b->machine->on_transport_up({"198.51.100.7", 40009}, {"192.0.2.1", 5684}, 1400, b->now);
  EXPECT_EQ(b->actions(), words{"receive from anywhere"});
  EXPECT_EQ(b->send("still here").is, send_status::accepted);
}

TEST_F(continuing, a_new_local_port_that_cannot_be_had_is_told_and_may_be_asked_for_again) {
  const auto b = come_up(with_cids);
  EXPECT_TRUE(b->machine->rebind());
  b->forget();
  b->machine->on_connect_failed({at::error::unreachable, "no way"}, b->now);
  EXPECT_EQ(b->actions(), words{"#TERR: 1,801"});
  EXPECT_EQ(b->state(), "connected");
  EXPECT_TRUE(b->machine->rebind());
}

TEST_F(continuing, what_waits_for_a_new_address_is_sent_from_there_or_lost) {
  const auto b = come_up(with_cids);
  EXPECT_EQ(b->send("waits").is, send_status::accepted);
  EXPECT_TRUE(b->machine->can_move());
  EXPECT_TRUE(b->machine->rebind());
  EXPECT_FALSE(b->machine->can_move()) << "it does so already";
  b->machine->on_transport_up({"198.51.100.8", 40009}, {"192.0.2.1", 5684}, 1400, b->now);
  EXPECT_EQ(b->machine->outgoing()->packets(), 1U);
  EXPECT_TRUE(b->machine->rebind());
  b->machine->on_connect_failed({at::error::unreachable, "no way"}, b->now);
  EXPECT_TRUE(b->machine->outgoing()->empty());
  EXPECT_TRUE(b->machine->can_move());
}

TEST_F(continuing, who_is_known_by_its_address_cannot_move) {
  EXPECT_FALSE(come_up(no_cid)->machine->can_move());
}

}  // namespace
}  // namespace tlsmodem::test

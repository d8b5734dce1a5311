// Resumption over streams: how a connection ends decides whether its session lives, tickets get too old, and
// a new handshake takes a second connection.
#include "session_fixture.hpp"

#include <set>
#include <sstream>

namespace tlsmodem::test {
namespace {

class stream_session : public session_test, public ::testing::WithParamInterface<const char*> {
 protected:
  tcp_relay& tcp() { return dynamic_cast<tcp_relay&>(*relay_); }

  // The client has nothing to offer: not even that it once had something.
  void expect_no_offer() {
    const auto hello = last_trace().hellos.front();
    EXPECT_FALSE(hello.extensions.contains(extension::pre_shared_key));
    const auto ticket = hello.extensions.find(extension::session_ticket);
    if (ticket != hello.extensions.end()) {
      EXPECT_TRUE(ticket->second.empty());
    }
  }
};

class stream_session_by_itself : public session_test {};

// ---- ends

class closed_by_server : public stream_session {};

TEST_P(closed_by_server, session_is_resumed) {
  start_server(server_called(GetParam()));
  auto channel = client();
  const auto first = connect(channel, channel.open());
  expect_on_wire(0);
  channel.send(first.id, "GET / HTTP/1.0\r\n\r\n");
  auto item = next_event(channel);
  while (item.line.starts_with("#TRX:")) item = next_event(channel);
  EXPECT_TRUE(item.line.starts_with("#TDOWN: 1,0,0,")) << item.line;  // close_notify

  auto next = client();
  EXPECT_EQ(resume(next, first.handle).up.how, 1);
  expect_on_wire(1);
}

INSTANTIATE_TEST_SUITE_P(nginx, closed_by_server, ::testing::Values("tls12_nginx", "tls13_nginx"),
                         [](const auto& made) { return std::string(made.param); });

class fatal_alert : public stream_session {};

TEST_P(fatal_alert, of_the_server_ends_the_session) {
  start_server(server_called(GetParam()));
  auto channel = client();
  const auto first = connect(channel, channel.open());
  expect_on_wire(0);
  tcp().damage_next_from_client();
  channel.send(first.id, "what the server cannot decrypt\n");
  const auto item = next_event(channel);
  EXPECT_TRUE(item.line.starts_with("#TDOWN: 1,1,20,")) << item.line;  // bad_record_mac
  EXPECT_TRUE(channel.ok("AT#TSESS?").empty());

  auto next = client();
  EXPECT_EQ(resume(next, first.handle).up.how, 0);
  expect_on_wire(0);
  expect_no_offer();
}

// RFC 5246 7.2.2: the side that sends one forgets too.
TEST_P(fatal_alert, of_ours_ends_the_session) {
  start_server(server_called(GetParam()));
  auto channel = client();
  const auto first = connect(channel, channel.open());
  expect_on_wire(0);
  tcp().damage_next_from_server();
  server_.program->type("what the client cannot decrypt\n");
  const auto item = next_event(channel);
  EXPECT_TRUE(item.line.starts_with("#TDOWN: 1,1,20,")) << item.line;
  EXPECT_TRUE(channel.ok("AT#TSESS?").empty());

  auto next = client();
  EXPECT_EQ(resume(next, first.handle).up.how, 0);
  expect_on_wire(0);
  expect_no_offer();
}

// TLS 1.3: the ClientHello ends with the binder, and the server finds it wrong. TLS 1.2: the server's
// Finished is wrong, and we find it.
TEST_P(fatal_alert, in_the_handshake_that_offered_it_leads_to_a_full_one) {
  start_server(server_called(GetParam()));
  const auto handle = make_session();
  if (row_->is_tls1_3()) {
    tcp().damage_next_from_client();
  } else {
    tcp().damage_next_from_server();
  }
  const auto before = connections();
  auto channel = client();
  const auto again = resume(channel, handle);
  EXPECT_EQ(again.up.how, 0);
  EXPECT_EQ(again.handle, handle);
  EXPECT_EQ(connections(), before + 2);
  expect_on_wire(0);
  expect_no_offer();
  EXPECT_NE(channel.info(again.id, "fallback"), "\"\"");
}

INSTANTIATE_TEST_SUITE_P(s_server, fatal_alert,
                         ::testing::Values("tls12_s_server_tickets_only", "tls13_s_server"),
                         [](const auto& made) { return std::string(made.param); });

// ---- age

class short_ticket : public stream_session {};

// The server says for how long its tickets are good: a second.
TEST_P(short_ticket, is_not_offered_when_it_has_expired) {
  row_ = &server_called(GetParam());
  nginx_options options;
  options.certificate_file = server_file_;
  options.protocols = row_->is_tls1_3() ? "TLSv1.3" : "TLSv1.2";
  options.session_timeout = "1s";
  const nginx server(peer_port, options);
  server_.program = &server.server();
  relay_ = std::make_unique<tcp_relay>(relay_port, peer_port);
  auto channel = client();
  const auto first = connect(channel, channel.open());
  expect_on_wire(0);
  part(channel, first.id);
  ASSERT_TRUE(eventually([&] { return channel.ok("AT#TSESS?").empty(); }));

  auto next = client();
  const auto again = resume(next, first.handle);
  EXPECT_EQ(again.up.how, 0);
  expect_on_wire(0);
  expect_no_offer();
}

INSTANTIATE_TEST_SUITE_P(nginx, short_ticket, ::testing::Values("tls12_nginx", "tls13_nginx"),
                         [](const auto& made) { return std::string(made.param); });

// RFC 8446 C.4: who sees a ticket twice knows that it is the same client.
TEST_F(stream_session_by_itself, offers_a_ticket_of_tls_1_3_once) {
  start_server(server_called("tls13_nginx"));
  const auto handle = make_session();
  for (int round = 0; round < 4; ++round) {
    auto first = client();
    auto second = client();  // at the same time
    EXPECT_EQ(resume(first, handle).up.how, 1);
    EXPECT_EQ(resume(second, handle).up.how, 1);
  }
  std::set<bytes> offers;
  for (const auto& passed : relay_->conversations())
    for (const auto& hello : trace_tls(passed).hellos) {
      const auto offer = hello.extensions.find(extension::pre_shared_key);
      if (offer == hello.extensions.end()) continue;
      // The identities, RFC 8446 4.2.11; the binders behind them differ always.
      const auto size = static_cast<std::size_t>(offer->second.at(2) << 8 | offer->second.at(3));
      const bytes identity(offer->second.begin() + 4, offer->second.begin() + 4 + static_cast<long>(size));
      EXPECT_TRUE(offers.insert(identity).second);
    }
  EXPECT_EQ(offers.size(), 8U);
}

// ---- AT#TREHS

class stream_rehandshake : public stream_session {};

// Which lines these are.
std::string numbers_of(const std::string& lines) {
  std::string numbers;
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);) numbers += line.substr(0, line.find('.')) + ", ";
  return numbers;
}

TEST_P(stream_rehandshake, takes_a_second_connection_and_data_goes_on) {
  start_server(server_called(GetParam()));
  auto channel = client();
  const auto first = connect(channel, channel.open());
  expect_on_wire(0);
  const auto expect_echo = [&](const std::string& text) {
    channel.send(first.id, text);
    std::string heard;
    while (heard.size() < text.size()) {
      const auto item = next_event(channel);
      ASSERT_TRUE(item.line.starts_with("#TRX:")) << item.line;
      heard += as_text(item.payload);
    }
    EXPECT_EQ(heard, text);
  };
  expect_echo("over the first\n");
  std::size_t connections_so_far = 1;
  for (const int mode : {1, 0, 1, 1}) {
    SCOPED_TRACE(mode);
    channel.ok("AT#TREHS=1," + std::to_string(mode));
    const auto up = next_up(channel);
    EXPECT_EQ(up.how, mode);
    EXPECT_EQ(connections(), ++connections_so_far);
    expect_on_wire(mode);
    expect_echo("over number " + std::to_string(connections_so_far) + "\n");
    ASSERT_TRUE(eventually([&] { return !channel.ok("AT#TSESS?").empty(); }));
  }
  EXPECT_EQ(channel.info(first.id, "handle"), "\"" + first.handle + "\"");
}

// What is on its way over the old connection when the new one is up may be lost, as with any close; nothing
// is doubled, mixed or cut in the middle.
TEST_P(stream_rehandshake, leaves_a_beginning_over_the_old_and_an_end_over_the_new_connection) {
  start_server(server_called(GetParam()));
  auto channel = client();
  const int id = connect(channel, channel.open()).id;
  std::string sent;
  const auto say = [&](int lines) {
    for (int i = 0; i < lines; ++i) {
      const auto line = "line " + std::to_string(sent.size()) + std::string(300, '.') + "\n";
      channel.send(id, line);
      sent += line;
    }
  };
  for (const int mode : {1, 0}) {
    SCOPED_TRACE(mode);
    sent.clear();
    say(30);
    channel.ok("AT#TREHS=1," + std::to_string(mode));
    say(30);
    std::string before;
    auto item = next_event(channel);
    for (; item.line.starts_with("#TRX:"); item = next_event(channel)) before += as_text(item.payload);
    const auto up = at::parse_up(item.line);
    ASSERT_TRUE(up) << item.line;
    EXPECT_EQ(up->how, mode);
    EXPECT_TRUE(sent.starts_with(before)) << before.size();
    say(1);
    const auto last = sent.substr(sent.rfind("line "));
    std::string after;
    while (!after.ends_with(last)) after += as_text(next_event(channel).payload);
    EXPECT_TRUE(sent.ends_with(after)) << numbers_of(after);
    EXPECT_TRUE(after.starts_with("line ")) << after.substr(0, 40);
  }
}

INSTANTIATE_TEST_SUITE_P(gnutls_serv, stream_rehandshake,
                         ::testing::Values("tls12_gnutls_serv", "tls13_gnutls_serv"),
                         [](const auto& made) { return std::string(made.param); });

}  // namespace
}  // namespace tlsmodem::test

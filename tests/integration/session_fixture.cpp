#include "session_fixture.hpp"

#include <algorithm>
#include <stdexcept>

namespace tlsmodem::test {
namespace {

template <typename Value>
Value must(at::result<Value> outcome, const std::string& what) {
  if (!outcome) throw std::runtime_error("not what was expected: " + what);
  return std::move(*outcome);
}

}  // namespace

std::size_t flights_of(const server_row& row, bool is_full) {
  if (row.is_tls1_3()) return 3;
  return is_full ? 4 : 3;
}

session_test::session_test(const std::string& daemon_config) : daemon_(daemon_config) {
  const auto server =
      issue(root_, {.common_name = server_name, .dns = {server_name, "localhost"}, .ip = {"127.0.0.1"}});
  server_file_ = files_.write("server.pem", server);
  root_file_ = files_.write_certificate("root.pem", root_);
  psk_file_ = files_.write_text("psk", "device:" + hex_of(psk_key) + "\nother:" + hex_of(psk_key) + "\n");
}

void session_test::start_server(const server_row& row) {
  row_ = &row;
  server_ = row.start({server_file_, root_file_, psk_file_}, peer_port);
  if (row.is_datagram()) {
    auto nat = std::make_unique<udp_nat>(relay_port, peer_port);
    nat->tell_associations_apart();
    relay_ = std::move(nat);
  } else {
    relay_ = std::make_unique<tcp_relay>(relay_port, peer_port);
  }
}

void session_test::restart_server() {
  server_ = {};
  server_ = row_->start({server_file_, root_file_, psk_file_}, peer_port);
  reused_before_ = 0;
}

test_channel session_test::client(const std::vector<std::string>& more) const {
  test_channel channel(daemon_);
  channel.tcred(tag::root, 0, to_pem(root_.certificate.get()));
  channel.tcred(tag::other_root, 0, to_pem(other_root_.certificate.get()));
  channel.tcred(tag::device, 3, psk_key);
  channel.tcred(tag::device, 4, psk_identity);
  channel.tcred(other_identity, 3, psk_key);
  channel.tcred(other_identity, 4, "other");
  for (const auto& option : row_->options) channel.ok("AT#TCFG=0," + option);
  for (const auto& option : more) channel.ok("AT#TCFG=0," + option);
  return channel;
}

at::item session_test::next_event(test_channel& channel) {
  auto item = channel.event();
  while (item.line.starts_with("#TKEY:")) item = channel.event();
  return item;
}

at::up_event session_test::next_up(test_channel& channel) {
  const auto item = next_event(channel);
  return must(at::parse_up(item.line), item.line);
}

link_up session_test::connect(test_channel& channel, int id, const std::string& host) {
  channel.ok("AT#TCONN=" + std::to_string(id) + "," + at::quote(host) + "," + std::to_string(relay_port));
  const auto first = channel.event();
  link_up made;
  made.id = id;
  made.handle = must(at::parse_key(first.line), first.line).handle;
  EXPECT_EQ(made.handle.size(), 32U);
  const auto up = channel.event();
  made.up = must(at::parse_up(up.line), up.line);
  EXPECT_EQ(made.up.version, row_->version);
  if (row_->is_tls1_3()) take_ticket(channel, made);
  return made;
}

// The tickets of TLS 1.3 come behind the server's Finished, or behind the client's.
void session_test::take_ticket(test_channel& channel, const link_up& from) const {
  if (row_->tickets_come == arrival::late) {
    EXPECT_EQ(channel.event("#TKEY").line, at::format(at::key_event{from.id, from.handle}));
    return;
  }
  EXPECT_TRUE(eventually([&] {
    const auto lines = channel.ok("AT#TSESS?");
    return std::any_of(lines.begin(), lines.end(),
                       [&](const auto& line) { return line.find(from.handle) != std::string::npos; });
  }));
}

link_up session_test::resume(test_channel& channel, const std::string& handle, const std::string& host) {
  const int id = channel.open();
  // From another port the server does not know the live association, which is not what is asked for here.
  if (row_->is_datagram()) channel.ok("AT#TBIND=" + std::to_string(id) + ",\"127.0.0.1\",0");
  channel.ok("AT#TRESUME=" + std::to_string(id) + "," + at::quote(handle));
  return connect(channel, id, host);
}

void session_test::part(test_channel& channel, int id) const {
  channel.ok("AT#TSHUT=" + std::to_string(id));
  if (row_->parts == parting::never_answers) return;  // the socket is of no more use
  const auto item = next_event(channel);
  if (!item.line.starts_with("#TDOWN:")) throw std::runtime_error(item.line);
}

std::string session_test::make_session(const std::vector<std::string>& more) {
  auto channel = client(more);
  const auto made = connect(channel, channel.open());
  EXPECT_EQ(made.up.how, 0);
  expect_on_wire(0);
  part(channel, made.id);
  channel.ok("AT#TCLOSE=" + std::to_string(made.id));
  return made.handle;
}

// A credential is answered when it is on the disk, and the disk takes things in order.
void session_test::flush_store() const {
  test_channel channel(daemon_);
  channel.ok("AT#TCRED=0,999,4,1,0", "x");
}

// ---- the wire

handshake_trace session_test::trace_of(const conversation& passed) const {
  return row_->is_datagram() ? trace_dtls(passed) : trace_tls(passed);
}

handshake_trace session_test::last_trace() const {
  handshake_trace trace;
  eventually([&] {
    trace = trace_of(relay_->conversations().back());
    const auto cookies = 2 * trace.from_server.count(message::hello_verify_request);
    return trace.flights >= flights_of(*row_, false) + cookies;
  });
  return trace;
}

std::size_t session_test::times_reused() const {
  const auto output = server_.program->output();
  const std::string_view what = row_->says_reused;
  std::size_t times = 0;
  for (auto at = output.find(what); at != std::string::npos; at = output.find(what, at + 1)) ++times;
  return times;
}

void session_test::expect_on_wire(int how) {
  const auto trace = last_trace();
  for (const auto& hello : trace.hellos) EXPECT_FALSE(hello.extensions.contains(extension::early_data));
  ASSERT_TRUE(trace.answer);
  const auto cookies = 2 * trace.from_server.count(message::hello_verify_request);
  if (!row_->is_tls1_3()) {
    EXPECT_EQ(trace.flights - cookies, flights_of(*row_, how == 0));
  }
  RecordProperty(how == 0 ? "full_bytes" : "abbreviated_bytes", static_cast<int>(trace.bytes_on_wire()));
  if (how == 0) {
    expect_full(trace);
    full_bytes_ = trace.bytes_on_wire();
    full_second_flight_bytes_ = trace.second_flight_bytes;
  } else {
    expect_abbreviated(trace);
  }
  if (row_->says_reused == nullptr) return;
  const std::size_t expected = reused_before_ + static_cast<std::size_t>(how);
  EXPECT_TRUE(eventually([&] { return times_reused() >= expected; })) << server_.program->output();
  EXPECT_EQ(times_reused(), expected);
  reused_before_ = expected;
}

void session_test::expect_full(const handshake_trace& trace) const {
  if (row_->is_tls1_3()) {
    EXPECT_FALSE(trace.answer->extensions.contains(extension::pre_shared_key));
    EXPECT_GT(trace.second_flight_bytes, 500U);  // a certificate and a signature are in it
    return;
  }
  EXPECT_EQ(trace.from_server.count(message::certificate), row_->is_psk() ? 0U : 1U);
  EXPECT_EQ(trace.from_server.count(message::server_hello_done), 1U);
  EXPECT_EQ(trace.from_client.count(message::client_key_exchange), 1U);
}

void session_test::expect_abbreviated(const handshake_trace& trace) const {
  const auto& offer = trace.hellos.back();
  if (row_->is_tls1_3()) {
    EXPECT_TRUE(offer.extensions.contains(extension::pre_shared_key));
    EXPECT_TRUE(trace.answer->extensions.contains(extension::pre_shared_key));
    EXPECT_LT(trace.second_flight_bytes, full_second_flight_bytes_.value_or(500) - 250);
  } else {
    EXPECT_EQ(trace.from_server.count(message::certificate), 0U);
    EXPECT_EQ(trace.from_server.count(message::server_key_exchange), 0U);
    EXPECT_EQ(trace.from_server.count(message::server_hello_done), 0U);
    EXPECT_EQ(trace.from_client.count(message::client_key_exchange), 0U);
    EXPECT_FALSE(offer.session_id.empty());
    EXPECT_EQ(trace.answer->session_id, offer.session_id);
    const auto ticket = offer.extensions.find(extension::session_ticket);
    ASSERT_NE(ticket, offer.extensions.end());  // empty: it would take one
    EXPECT_EQ(ticket->second.empty(), row_->kind == memory_kind::session_id);
  }
  if (!row_->is_psk() && full_bytes_) {
    EXPECT_LT(trace.bytes_on_wire(), *full_bytes_);
  }
}

}  // namespace tlsmodem::test

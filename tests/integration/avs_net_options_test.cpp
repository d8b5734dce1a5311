// Every option of avs_net's sockets, in every state: who can be asked, who can be told.
#include "avs_net_fixture.hpp"
#include "tests/support/datagrams.hpp"

#include <algorithm>
#include <array>
#include <ostream>

namespace tlsmodem::test {
namespace {

constexpr int server_port = 5700;

enum class phase { fresh, bound, connected, shut_down, closed };
constexpr std::array phases = {phase::fresh, phase::bound, phase::connected, phase::shut_down, phase::closed};

// What get_opt() says in each phase, and set_opt() in all of them.
struct option_row {
  const char* name;
  avs_net_socket_opt_key_t key;
  std::array<outcome, phases.size()> datagram;
  std::array<outcome, phases.size()> stream;
  outcome set_datagram;
  outcome set_stream;
};

void PrintTo(const option_row& row, std::ostream* out) { *out << row.name; }

const outcome invalid = AVS_EINVAL;
const outcome not_connected = AVS_ENOTCONN;
const outcome not_supported = AVS_ENOTSUP;
const outcome bad = AVS_EBADF;
const std::array always = {ok, ok, ok, ok, ok};
const std::array never = {invalid, invalid, invalid, invalid, invalid};

const std::vector<option_row> rows = {
    {"receive_timeout", AVS_NET_SOCKET_OPT_RECV_TIMEOUT, always, always, ok, ok},
    {"state", AVS_NET_SOCKET_OPT_STATE, always, always, invalid, invalid},
    {"address_family", AVS_NET_SOCKET_OPT_ADDR_FAMILY, always, always, invalid, invalid},
    {"mtu",
     AVS_NET_SOCKET_OPT_MTU,
     {not_connected, not_connected, ok, ok, not_connected},
     // A stream's is nobody's business.
     {not_connected, not_connected, not_supported, not_supported, not_connected},
     invalid,
     invalid},
    {"inner_mtu", AVS_NET_SOCKET_OPT_INNER_MTU, {ok, not_connected, ok, ok, ok}, always, invalid, invalid},
    {"session_resumed", AVS_NET_SOCKET_OPT_SESSION_RESUMED, always, always, invalid, invalid},
    {"bytes_sent", AVS_NET_SOCKET_OPT_BYTES_SENT, always, always, invalid, invalid},
    {"bytes_received", AVS_NET_SOCKET_OPT_BYTES_RECEIVED, always, always, invalid, invalid},
    {"dane_tlsa_array", AVS_NET_SOCKET_OPT_DANE_TLSA_ARRAY, never, never, ok, ok},
    {"has_buffered_data", AVS_NET_SOCKET_HAS_BUFFERED_DATA, always, always, invalid, invalid},
    {"handshake_timeouts", AVS_NET_SOCKET_OPT_DTLS_HANDSHAKE_TIMEOUTS, never, never, ok, bad},
    {"connection_id_resumed", AVS_NET_SOCKET_OPT_CONNECTION_ID_RESUMED, always, always, invalid, invalid},
    {"preferred_family", AVS_NET_SOCKET_OPT_PREFERRED_ADDR_FAMILY, always, always, ok, ok},
    {"forced_family", AVS_NET_SOCKET_OPT_FORCED_ADDR_FAMILY, always, always, ok, ok},
};

class avs_net_option : public avs_net_test, public ::testing::WithParamInterface<option_row> {
 protected:
  static outcome enter(const avs_socket& socket, phase next) {
    switch (next) {
      case phase::fresh:
        return ok;
      case phase::bound:
        return socket.bind("127.0.0.1", "6001");
      case phase::connected:
        return socket.connect();
      case phase::shut_down:
        return socket.shutdown();
      case phase::closed:
        return socket.close();
    }
    return ok;
  }

  static avs_net_socket_opt_value_t sensible_value(avs_net_socket_opt_key_t key) {
    avs_net_socket_opt_value_t value{};
    if (key == AVS_NET_SOCKET_OPT_RECV_TIMEOUT) value.recv_timeout = milliseconds(250);
    if (key == AVS_NET_SOCKET_OPT_DTLS_HANDSHAKE_TIMEOUTS)
      value.dtls_handshake_timeouts = {milliseconds(500), milliseconds(9000)};
    return value;
  }

  static void walk(const avs_socket& socket, const std::array<outcome, phases.size()>& get,
                   const outcome& set) {
    for (std::size_t i = 0; i < phases.size(); ++i) {
      SCOPED_TRACE("phase " + std::to_string(i));
      ASSERT_EQ(enter(socket, phases.at(i)), ok);
      const auto before = socket.state();
      avs_net_socket_opt_value_t value{};
      EXPECT_EQ(socket.get(GetParam().key, value), get.at(i));
      EXPECT_EQ(socket.set(GetParam().key, sensible_value(GetParam().key)), set);
      EXPECT_EQ(socket.get(GetParam().key, value), get.at(i));
      EXPECT_EQ(socket.state(), before);
      EXPECT_TRUE(before != AVS_NET_SOCKET_STATE_CONNECTED || socket.local_port() == "6001");
    }
  }
};

TEST_P(avs_net_option, answers_in_each_state_of_a_datagram_socket) {
  const auto server = psk_server();
  walk(avs_socket(with_psk()), GetParam().datagram, GetParam().set_datagram);
}

TEST_P(avs_net_option, answers_in_each_state_of_a_stream_socket) {
  const auto server = certificate_server(s_server_version::tls1_3);
  auto settings = with_certificates(over::tcp);
  settings.more.backend_configuration.reuse_addr = 1;
  walk(avs_socket(settings), GetParam().stream, GetParam().set_stream);
}

INSTANTIATE_TEST_SUITE_P(every, avs_net_option, ::testing::ValuesIn(rows),
                         [](const auto& row) { return std::string(row.param.name); });

class avs_net_options : public avs_net_test {};

TEST_F(avs_net_options, that_do_not_exist_are_invalid) {
  const avs_socket socket(with_psk());
  avs_net_socket_opt_value_t value{};
  const auto none = static_cast<avs_net_socket_opt_key_t>(AVS_NET_SOCKET_OPT_FORCED_ADDR_FAMILY + 1);
  EXPECT_EQ(socket.get(none, value), invalid);
  EXPECT_EQ(socket.set(none, value), invalid);
}

TEST_F(avs_net_options, have_their_values) {
  const auto server = psk_server();
  const avs_socket socket(with_psk());
  const auto family = [&] { return socket.option(AVS_NET_SOCKET_OPT_ADDR_FAMILY).addr_family; };
  const auto inner = [&] { return socket.option(AVS_NET_SOCKET_OPT_INNER_MTU).mtu; };
  EXPECT_EQ(family(), AVS_NET_AF_UNSPEC);
  EXPECT_EQ(inner(), 0);
  ASSERT_EQ(socket.bind("127.0.0.1", "0"), ok);
  EXPECT_EQ(family(), AVS_NET_AF_INET4);
  ASSERT_EQ(socket.connect(), ok);
  EXPECT_EQ(family(), AVS_NET_AF_INET4);
  EXPECT_EQ(inner(), 16'384) << "loopback has room for more than the largest record";
  ASSERT_EQ(socket.close(), ok);
  EXPECT_EQ(family(), AVS_NET_AF_UNSPEC);
  EXPECT_EQ(inner(), 0);
  ASSERT_EQ(socket.bind("::1", "0"), ok);
  EXPECT_EQ(family(), AVS_NET_AF_INET6);
}

TEST_F(avs_net_options, that_are_no_times_are_refused_and_change_nothing) {
  const avs_socket socket(with_psk());
  EXPECT_EQ(socket.set_handshake_timeouts({milliseconds(0), milliseconds(10)}), invalid);
  EXPECT_EQ(socket.set_handshake_timeouts({milliseconds(20), milliseconds(10)}), invalid);
  EXPECT_EQ(socket.set_handshake_timeouts({AVS_TIME_DURATION_INVALID, milliseconds(10)}), invalid);
  const silent_port server(peer_port);
  ASSERT_EQ(socket.set_handshake_timeouts({milliseconds(10), milliseconds(25)}), ok);
  EXPECT_EQ(socket.set_handshake_timeouts({milliseconds(20), milliseconds(10)}), invalid);
  EXPECT_EQ(socket.connect(), outcome(AVS_ETIMEDOUT));
  EXPECT_EQ(server.take().size(), 3U);  // at 0, 10 and 30 ms
}

TEST_F(avs_net_options, of_a_family_are_obeyed_by_the_next_connect) {
  const auto server = psk_server();
  const avs_socket socket(with_psk());
  avs_net_socket_opt_value_t value{};
  value.addr_family = AVS_NET_AF_INET6;
  ASSERT_EQ(socket.set(AVS_NET_SOCKET_OPT_FORCED_ADDR_FAMILY, value), ok);
  EXPECT_EQ(socket.option(AVS_NET_SOCKET_OPT_FORCED_ADDR_FAMILY).addr_family, AVS_NET_AF_INET6);
  EXPECT_EQ(socket.connect(), outcome(AVS_EADDRNOTAVAIL));
  value.addr_family = AVS_NET_AF_UNSPEC;
  ASSERT_EQ(socket.set(AVS_NET_SOCKET_OPT_FORCED_ADDR_FAMILY, value), ok);
  value.addr_family = AVS_NET_AF_INET6;
  ASSERT_EQ(socket.set(AVS_NET_SOCKET_OPT_PREFERRED_ADDR_FAMILY, value), ok);
  EXPECT_EQ(socket.connect(), ok);
}

struct suite_row {
  const char* name;
  std::uint32_t id;
  int overhead_bytes;
};

void PrintTo(const suite_row& row, std::ostream* out) { *out << row.name; }

// Header, explicit nonce and tag, RFC 5288, 6655 and 7905; of CBC the nonce, the MAC and the longest padding.
const std::vector<suite_row> suites = {
    {"ccm_8", 0xC0A8, 13 + 8 + 8},
    {"ccm", 0xC0A4, 13 + 8 + 16},
    {"gcm", 0x00A8, 13 + 8 + 16},
    {"chacha20_poly1305", 0xCCAB, 13 + 16},
    {"cbc_sha256", 0x00AE, 13 + 16 + 32 + 16},
};

// CBC fills whole blocks: padding and its length take a byte at least.
int largest_payload(const suite_row& suite, int datagram_bytes) {
  constexpr int header_and_iv = 13 + 16;
  if (suite.id != 0x00AE) return datagram_bytes - suite.overhead_bytes;
  return (datagram_bytes - header_and_iv) / 16 * 16 - 32 - 1;
}

class avs_net_inner_mtu : public avs_net_test, public ::testing::WithParamInterface<suite_row> {
 protected:
  static peer server_of_all_suites(int port) { return psk_server({"-cipher", "ALL:@SECLEVEL=0"}, port); }
};

TEST_P(avs_net_inner_mtu, is_what_the_suite_leaves_of_the_forced_mtu) {
  for (const int mtu : {700, 1280, 1281, 1290}) {
    SCOPED_TRACE(mtu);
    const auto server = server_of_all_suites(server_port);
    const udp_relay relay(peer_port, server_port);
    auto settings = with_psk();
    settings.suites = {GetParam().id};
    settings.more.backend_configuration.forced_mtu = mtu;
    const avs_socket socket(settings);
    ASSERT_EQ(socket.connect(), ok);
    EXPECT_EQ(socket.option(AVS_NET_SOCKET_OPT_MTU).mtu, mtu);
    const int most = socket.option(AVS_NET_SOCKET_OPT_INNER_MTU).mtu;
    EXPECT_EQ(most, largest_payload(GetParam(), mtu - 28));
    const auto fits = static_cast<std::size_t>(most);
    EXPECT_EQ(socket.send(std::string(fits + 1, 'x')), outcome(AVS_EMSGSIZE));
    ASSERT_EQ(socket.send(std::string(fits - 1, 'x') + "\n"), ok);
    EXPECT_TRUE(server.prints(std::string(fits - 1, 'x') + "\n"));
    const auto size = relay.from_client().back().size();
    EXPECT_LE(size, static_cast<std::size_t>(mtu - 28));
    EXPECT_GT(size + 16, static_cast<std::size_t>(mtu - 28));
    const auto sent = relay.from_client();
    EXPECT_TRUE(
        std::ranges::all_of(sent, [&](const bytes& each) { return each.size() + 28 <= std::size_t(mtu); }));
  }
}

INSTANTIATE_TEST_SUITE_P(suites, avs_net_inner_mtu, ::testing::ValuesIn(suites),
                         [](const auto& row) { return std::string(row.param.name); });

// As small as LwM2M allows paths to be.
TEST_F(avs_net_options, inner_mtu_is_obeyed_however_small) {
  for (const int mtu : {300, 576}) {
    const auto server = psk_server();
    auto settings = with_psk();
    settings.suites = {0x00A8};
    settings.more.backend_configuration.forced_mtu = mtu;
    const avs_socket socket(settings);
    ASSERT_EQ(socket.connect(), ok);
    const auto most = static_cast<std::size_t>(socket.option(AVS_NET_SOCKET_OPT_INNER_MTU).mtu);
    EXPECT_EQ(most, static_cast<std::size_t>(mtu) - 28 - 37);
    EXPECT_EQ(socket.send(std::string(most + 1, 'x')), outcome(AVS_EMSGSIZE)) << mtu;
    EXPECT_EQ(socket.send(std::string(most, 'x')), ok) << mtu;
  }
}

TEST_F(avs_net_options, inner_mtu_counts_the_longer_header_of_ipv6) {
  const auto server = s_server(s_server_version::dtls1_2, peer_port,
                               {"-nocert", "-psk", hex_of(psk_key), "-psk_identity",
                                std::string(psk_identity), "-cipher", "ALL:@SECLEVEL=0"},
                               "[::1]");
  auto settings = with_psk();
  settings.suites = {0xC0A8};
  settings.more.backend_configuration.forced_mtu = 1280;
  const avs_socket socket(settings);
  ASSERT_EQ(socket.connect(peer_port, "::1"), ok);
  EXPECT_EQ(socket.option(AVS_NET_SOCKET_OPT_MTU).mtu, 1280);
  EXPECT_EQ(socket.option(AVS_NET_SOCKET_OPT_INNER_MTU).mtu, 1280 - 48 - 29);
  EXPECT_EQ(socket.option(AVS_NET_SOCKET_OPT_ADDR_FAMILY).addr_family, AVS_NET_AF_INET6);
  EXPECT_EQ(socket.remote_host(), "::1");
}

}  // namespace
}  // namespace tlsmodem::test

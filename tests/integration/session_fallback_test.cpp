// Real servers that cannot do what they offer with sessions of their own: every connect, AT#TREHS and send
// comes through, with the full handshake. docs/decisions/0024-session-fallback.md
#include "peer_fixture.hpp"
#include "tests/support/relays.hpp"

#include <algorithm>
#include <ostream>

namespace tlsmodem::test {
namespace {

struct refusal {
  const char* name;
  peer (*start)(const std::string& server, const std::string& root, int port);
  std::vector<std::string> options;
  bool echoes;
};

void PrintTo(const refusal& what, std::ostream* out) { *out << what.name; }

peer socat(const char* address, const char* options, const std::string& server, const std::string& root,
           int port) {
  const bool is_datagram = std::string_view(address).find("DTLS") != std::string_view::npos;
  // Its children would outlive it; in a process namespace of their own they cannot.
  return {{"unshare", "--pid", "--fork", "--kill-child", "socat",
           std::string(address) + ":" + std::to_string(port) +
               ",bind=127.0.0.1,reuseaddr,fork,cert=" + server + ",cafile=" + root + ",verify=1" + options,
           "PIPE"},
          is_datagram ? peer_transport::udp : peer_transport::tcp,
          port};
}

// Servers of libssl that verify clients without a session id context: they issue tickets, and answer each of
// them with the fatal alert internal_error.
const std::vector<refusal>& refusals() {
  static const std::vector<refusal> all = {
      {"libcoap_dtls12",
       [](const std::string& server, const std::string& root, int port) {
         return coap_server(coap_library::openssl, port,
                            {"-c", server, "-j", server, "-C", root, "-R", root});
       },
       {},
       false},
      {"socat_dtls12",
       [](const std::string& server, const std::string& root, int port) {
         return socat("OPENSSL-DTLS-SERVER", "", server, root, port);
       },
       {},
       true},
      {"socat_tls12",
       [](const std::string& server, const std::string& root, int port) {
         return socat("OPENSSL-LISTEN", ",openssl-max-proto-version=TLS1.2", server, root, port);
       },
       {R"("proto","tls")"},
       true},
      {"socat_tls13",
       [](const std::string& server, const std::string& root, int port) {
         return socat("OPENSSL-LISTEN", ",openssl-min-proto-version=TLS1.3", server, root, port);
       },
       {R"("proto","tls")"},
       true},
  };
  return all;
}

class refusing_server : public peer_test, public ::testing::WithParamInterface<refusal> {
 protected:
  refusing_server() : server_(GetParam().start(server_file(), root_file(), peer_port)) {
    configure({R"("ca","1")", R"("cert","2")", R"("key","2")"});
    configure(GetParam().options);
  }

  bool is_datagram() const { return GetParam().options.empty(); }
  at::up_event next_up() {
    auto item = channel_.event();
    while (item.line.starts_with("#TKEY:")) item = channel_.event();
    const auto up = at::parse_up(item.line);
    EXPECT_TRUE(up) << item.line << daemon_.log();
    return up ? *up : at::up_event{};
  }
  at::up_event connect(int id) {
    channel_.ok("AT#TCONN=" + std::to_string(id) + ",\"127.0.0.1\"," + std::to_string(peer_port));
    return next_up();
  }
  // Is there something to offer? Over TLS 1.3 that comes when it comes.
  void await_session() {
    EXPECT_TRUE(eventually([&] { return !channel_.ok("AT#TSESS?").empty(); }));
  }
  void expect_refused(int id) {
    EXPECT_EQ(channel_.info(id, "fallback"), at::quote("the server sent the alert internal_error (80)"));
    EXPECT_EQ(channel_.info(id, "how"), "0");
    EXPECT_TRUE(eventually([&] {
      return daemon_.log().find("a session was not taken, the handshake is made again without it") !=
             std::string::npos;
    })) << daemon_.log();
  }
  void expect_talk(int id) {
    if (!GetParam().echoes) return;
    channel_.send(id, "hello");
    auto item = channel_.event();
    while (item.line.starts_with("#TKEY:")) item = channel_.event();
    EXPECT_EQ(as_text(item.payload), "hello") << item.line;
  }

  peer server_;
};

TEST_P(refusing_server, costs_no_connect) {
  configure({R"("resume",3)"});
  for (int i = 0; i < 4; ++i) {
    SCOPED_TRACE(i);
    const int id = channel_.open();
    EXPECT_EQ(connect(id).how, 0) << i;
    if (i == 1 || i == 2) expect_refused(id);
    if (i == 3) {
      EXPECT_EQ(channel_.info(id, "fallback"), R"("the server did not take the last ones")");
    }
    expect_talk(id);
    await_session();
    channel_.ok("AT#TCLOSE=" + std::to_string(id));
  }
}

TEST_P(refusing_server, costs_no_second_handshake) {
  const int id = channel_.open();
  const auto first = connect(id);
  await_session();
  channel_.ok("AT#TREHS=1");
  const auto second = next_up();
  EXPECT_EQ(second.how, 0);
  EXPECT_NE(second.local_port, first.local_port);
  expect_refused(id);
  expect_talk(id);
}

TEST_P(refusing_server, costs_no_connect_from_a_bound_port) {
  configure({R"("resume",3)"});
  for (int i = 0; i < 2; ++i) {
    const int id = channel_.open();
    if (is_datagram()) channel_.ok("AT#TBIND=" + std::to_string(id) + ",\"127.0.0.1\",6001");
    const auto up = connect(id);
    EXPECT_EQ(up.how, 0) << i;
    if (is_datagram()) {
      EXPECT_EQ(up.local_port, 6001);
    }
    await_session();
    channel_.ok("AT#TCLOSE=" + std::to_string(id));
  }
}

INSTANTIATE_TEST_SUITE_P(servers, refusing_server, ::testing::ValuesIn(refusals()),
                         [](const auto& made) { return std::string(made.param.name); });

class refusing_datagram_server : public refusing_server {};

TEST_P(refusing_datagram_server, costs_no_send_behind_silence) {
  configure({R"("auto_resume",1)"});
  const int id = channel_.open();
  connect(id);
  await_session();
  const auto end = std::chrono::steady_clock::now() + 3ms;
  ASSERT_TRUE(eventually([&] { return std::chrono::steady_clock::now() > end; }));
  channel_.send(id, "hello");
  EXPECT_EQ(next_up().how, 0);
  expect_refused(id);
}

INSTANTIATE_TEST_SUITE_P(servers, refusing_datagram_server, ::testing::Values(refusals()[0], refusals()[1]),
                         [](const auto& made) { return std::string(made.param.name); });

// ---- taken up, and then not

class forgetful_server : public peer_test, public ::testing::WithParamInterface<s_server_version> {};

TEST_P(forgetful_server, with_one_id_for_all_its_sessions) {
  const bool is_datagram = GetParam() == s_server_version::dtls1_2;
  configure({R"("ca","1")", R"("resume",3)"});
  if (!is_datagram) configure({R"("proto","tls")"});
  for (int i = 0; i < 2; ++i) {
    const auto server = s_server(GetParam(), peer_port,
                                 {"-cert", server_file(), "-no_ticket", "-id_prefix", std::string(32, 'i')});
    const int id = channel_.open();
    EXPECT_EQ(channel_.connect_up(id, "127.0.0.1", peer_port).how, 0);
    EXPECT_EQ(channel_.info(id, "fallback"), i == 0 ? "\"\"" : "\"unexpected message\"");
    channel_.ok("AT#TCLOSE=" + std::to_string(id));
  }
}

INSTANTIATE_TEST_SUITE_P(s_server, forgetful_server,
                         ::testing::Values(s_server_version::dtls1_2, s_server_version::tls1_2),
                         [](const auto& made) {
                           return made.param == s_server_version::dtls1_2 ? "dtls12" : "tls12";
                         });

// ---- silence

constexpr std::size_t record_header = 13;

// A ClientHello, or a part of one.
bool is_hello(bytes_view datagram) {
  return datagram.size() > record_header + 12 && datagram[0] == 22 && datagram[record_header] == 1;
}
bool is_fragment_of_hello(bytes_view datagram) {
  const auto length = [&](std::size_t at) {
    return datagram[at] << 16 | datagram[at + 1] << 8 | datagram[at + 2];
  };
  return is_hello(datagram) && length(record_header + 9) < length(record_header + 1);
}

class path_without_fragments : public peer_test {};

// The ticket holds what the server knows of the client: its certificate.
TEST_F(path_without_fragments, costs_no_connect_with_a_long_ticket) {
  constexpr int relay_port = 7000;
  const auto server = s_server(s_server_version::dtls1_2, peer_port,
                               {"-cert", server_file(), "-CAfile", root_file(), "-Verify", "1"});
  udp_nat path(relay_port, peer_port);
  path.lose([](const passage& what) { return what.is_from_client && is_fragment_of_hello(what.data); });
  configure(
      {R"("ca","1")", R"("cert","2")", R"("key","2")", R"("resume",3)", R"("mtu",600)", R"("hs_min",200)"});
  for (int i = 0; i < 3; ++i) {
    const int id = channel_.open();
    EXPECT_EQ(channel_.connect_up(id, "127.0.0.1", relay_port).how, 0);
    if (i == 1) {
      EXPECT_EQ(channel_.info(id, "fallback"), R"("no answer to a ClientHello in fragments with a session")");
    }
    channel_.ok("AT#TCLOSE=" + std::to_string(id));
  }
  EXPECT_TRUE(server.prints("BEGIN SSL SESSION PARAMETERS"));
  const auto tried = path.conversations().at(1);
  EXPECT_TRUE(std::any_of(tried.begin(), tried.end(),
                          [](const auto& each) { return is_fragment_of_hello(each.data); }));
}

}  // namespace
}  // namespace tlsmodem::test

// Handshakes of DTLS 1.2 over a path that treats one datagram badly, with the servers that the machine has.
// Each row makes a handshake for every datagram that there is, in both directions: lost, lost with its first
// repeat, doubled, overtaken by the next one.
#include "peer_fixture.hpp"
#include "protocol/hex.hpp"
#include "tests/support/mbedtls_peer.hpp"
#include "tests/support/relays.hpp"

#include <iostream>
#include <memory>
#include <ostream>

namespace tlsmodem::test {
namespace {

constexpr int path_port = 5700;
// More datagrams than any of these handshakes has in one direction.
constexpr unsigned most_datagrams = 20;

struct server_files {
  std::string server;  // certificate and key
  std::string root;
  std::string psk;  // as gnutls-serv reads it
};

using running = std::unique_ptr<peer>;

struct row {
  const char* name;
  running (*start)(const server_files& files);
  std::vector<std::string> options;
  // It has one client at a time, and takes a late datagram of an earlier one for a new client.
  bool is_for_one_client = false;
};

void PrintTo(const row& made, std::ostream* out) { *out << made.name; }

const std::vector<std::string> with_psk = {R"("psk","3")"};
const std::vector<std::string> with_client_certificate = {R"("ca","1")", R"("cert","2")", R"("key","2")"};

running start_mbedtls(const server_files&) {
  const auto programs = find_mbedtls_programs();
  if (!programs.are_there()) return nullptr;
  return running(new peer(
      {programs.path("ssl_server2"), "server_addr=127.0.0.1", "server_port=" + std::to_string(peer_port),
       "dtls=1", "force_version=dtls12", "auth_mode=none", "renegotiation=0", "exchanges=1000000",
       "hs_timeout=200-2000", "psk=" + hex_of(psk_key), "psk_identity=" + std::string(psk_identity)},
      peer_transport::udp, peer_port));
}

const std::vector<row> rows = {
    {"psk_s_server",
     [](const server_files&) {
       return running(new peer(s_server(s_server_version::dtls1_2, peer_port,
                                        {"-nocert", "-psk", hex_of(psk_key), "-cipher", "PSK"})));
     },
     with_psk, true},
    {"client_certificate_s_server",
     [](const server_files& files) {
       return running(new peer(
           s_server(s_server_version::dtls1_2, peer_port,
                    {"-cert", files.server, "-CAfile", files.root, "-Verify", "2", "-verify_return_error"})));
     },
     with_client_certificate, true},
    {"psk_gnutls_serv",
     [](const server_files& files) {
       return running(new peer(gnutls_udp_server(
           peer_port, {"--pskpasswd", files.psk, "--priority", "NORMAL:-KX-ALL:+PSK:+ECDHE-PSK"})));
     },
     with_psk, true},
    {"psk_coap_server_gnutls",
     [](const server_files&) {
       return running(new peer(coap_server(coap_library::gnutls, peer_port, {"-k", std::string(psk_key)})));
     },
     with_psk},
    {"psk_mbedtls", start_mbedtls, with_psk, true},
};

struct impairment {
  const char* name;
  fate becomes;
  unsigned in_a_row;
};

void PrintTo(const impairment& made, std::ostream* out) { *out << made.name; }

constexpr impairment impairments[] = {
    {"lost", fate::is_lost, 1},
    {"lost_with_its_repeat", fate::is_lost, 2},
    {"doubled", fate::comes_twice, 1},
    {"overtaken", fate::is_overtaken, 1},
};

class dtls_over_a_bad_path : public peer_test,
                             public ::testing::WithParamInterface<std::tuple<row, impairment>> {
 protected:
  // False when the handshake had no datagram of this number in this direction.
  bool connects(bool is_from_client, unsigned number) {
    const auto& [server, how] = GetParam();
    if (server.is_for_one_client) {
      running_.reset();
      running_ = server.start(files());
    }
    auto seen = std::make_shared<std::atomic<unsigned>>(0);
    path_.impair([=, how = how](const passage& what) {
      if (what.is_from_client != is_from_client) return fate::passes;
      const unsigned at = (*seen)++;
      return at >= number && at < number + how.in_a_row ? how.becomes : fate::passes;
    });
    const int id = channel_.open();
    try {
      EXPECT_EQ(channel_.connect_up(id, "127.0.0.1", path_port).how, 0);
    } catch (const std::exception&) {
      std::cout << "datagram " << number << (is_from_client ? " of the client" : " of the server") << '\n'
                << what_passed() << "-- the server\n"
                << running_->output();
      throw;
    }
    path_.impair({});
    channel_.ok("AT#TCLOSE=" + std::to_string(id));
    // Were it late, the next server would meet it first, and gnutls-serv would see nothing else any more.
    EXPECT_TRUE(eventually([&] { return has_said_goodbye(); }));
    return *seen > number;
  }
  bool has_said_goodbye() const {
    constexpr std::uint8_t alert = 21;
    const auto all = path_.conversations();
    return std::any_of(all.back().begin(), all.back().end(), [](const passage& each) {
      return each.is_from_client && each.data.size() > 4 && each.data[0] == alert && each.data[4] == 1;
    });
  }
  // Each datagram of the last handshake: who sent it, its length, its first bytes.
  std::string what_passed() const {
    std::string text;
    const auto all = path_.conversations();
    for (const passage& each : all.back()) {
      const auto first = bytes_view(each.data).first(std::min<std::size_t>(each.data.size(), 20));
      text += std::string(each.is_from_client ? "> " : "< ") + std::to_string(each.data.size()) + " " +
              lower_hex(first) + '\n';
    }
    return text;
  }
  server_files files() { return {server_file(), root_file(), psk_file_}; }

  std::string psk_file_ = files_.write_text("psk", "device:" + hex_of(psk_key) + "\n");
  udp_nat path_{path_port, peer_port};
  running running_;
};

TEST_P(dtls_over_a_bad_path, every_handshake_comes_to_its_end) {
  const auto& [server, how] = GetParam();
  running_ = server.start(files());
  if (!running_) GTEST_SKIP() << find_mbedtls_programs().why_missing;
  configure(server.options);
  configure({R"("resume",0)", R"("hs_min",300)", R"("hs_max",3000)"});
  for (const bool is_from_client : {true, false}) {
    unsigned number = 0;
    while (number < most_datagrams && connects(is_from_client, number)) ++number;
    EXPECT_GT(number, 1U);
  }
}

INSTANTIATE_TEST_SUITE_P(servers, dtls_over_a_bad_path,
                         ::testing::Combine(::testing::ValuesIn(rows), ::testing::ValuesIn(impairments)),
                         [](const auto& made) {
                           return std::string(std::get<0>(made.param).name) + "_" +
                                  std::get<1>(made.param).name;
                         });

}  // namespace
}  // namespace tlsmodem::test

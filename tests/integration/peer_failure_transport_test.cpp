// Connects that fail on the way to the server, or because it falls silent or goes away.
#include "peer_failure_fixture.hpp"

namespace tlsmodem::test {
namespace {

using options = std::vector<std::string>;

const options dtls_psk = {R"("psk","3")"};
const options tls_root = {R"("proto","tls")", R"("ca","1")"};

const std::vector<failure_row> transport_rows = {
    {.name = "udp_port_is_closed",
     .options = dtls_psk,
     .arrange = nothing,
     .code = 802,
     .text = "127.0.0.1 port 5684: Connection refused"},
    {.name = "udp_port_is_closed_v6",
     .options = dtls_psk,
     .arrange = nothing,
     .host = "::1",
     .code = 802,
     .text = "::1 port 5684: Connection refused"},
    {.name = "tcp_port_is_closed",
     .options = tls_root,
     .arrange = nothing,
     .code = 802,
     .text = "127.0.0.1 port 5684: Connection refused"},
    {.name = "udp_port_is_silent",
     .options = with(dtls_psk, impatient),
     .arrange = [](stage& on) { on.silence = std::make_unique<silent_port>(peer_port); },
     .code = 804,
     .text = "no answer at all"},
    {.name = "udp_port_is_silent_and_the_connect_has_a_limit",
     .options = with(dtls_psk, {R"("hs_timeout",500)"}),
     .arrange = [](stage& on) { on.silence = std::make_unique<silent_port>(peer_port); },
     .code = 804,
     .text = "took too long, waiting for the handshake: no answer at all from the server"},
    {.name = "tcp_port_is_silent",
     .options = with(tls_root, {R"("hs_timeout",500)"}),
     .arrange = [](stage& on) { on.deafness = std::make_unique<deaf_listener>(peer_port); },
     .code = 804,
     .text = "took too long, waiting for the TCP connect"},
    {.name = "tls_server_stops_in_the_handshake",
     .options = with(tls_root, {R"("hs_timeout",500)"}),
     .arrange =
         [](stage& on) {
           on.serve(s_server_version::tls1_2, on.good);
           on.peers.back()->program().pause();
         },
     .code = 804,
     .text = "took too long, waiting for the handshake: no answer at all from the server"},
    {.name = "dtls_server_stops_in_the_handshake",
     .options = with(dtls_psk, {R"("hs_timeout",500)"}),
     .arrange =
         [](stage& on) {
           on.serve(s_server_version::dtls1_2, on.good);
           on.peers.back()->program().pause();
         },
     .code = 804,
     .text = "took too long, waiting for the handshake"},
    {.name = "udp_network_is_unreachable",
     .options = dtls_psk,
     .arrange = nothing,
     .host = "192.0.2.1",
     .code = 801,
     .text = "192.0.2.1 port 5684: Network is unreachable"},
    {.name = "udp_network_is_unreachable_v6",
     .options = dtls_psk,
     .arrange = nothing,
     .host = "2001:db8::1",
     .code = 801,
     .text = "2001:db8::1 port 5684: Network is unreachable"},
    {.name = "tcp_network_is_unreachable",
     .options = tls_root,
     .arrange = nothing,
     .host = "192.0.2.1",
     .code = 801,
     .text = "192.0.2.1 port 5684: Network is unreachable"},
    {.name = "name_does_not_resolve",
     .options = dtls_psk,
     .arrange = nothing,
     .host = "nowhere.test",
     .code = 800,
     .text = "The name nowhere.test was not resolved"},
    {.name = "address_is_of_another_family",
     .options = with(dtls_psk, {R"("family","v6","any")"}),
     .arrange = nothing,
     .host = "127.0.0.1",
     .good_host = "::1",
     .code = 800,
     .text = "The name 127.0.0.1 was not resolved"},
    {.name = "broadcast_is_not_permitted",
     .options = dtls_psk,
     .arrange = nothing,
     .host = "127.255.255.255",
     .code = 816,
     .text = "127.255.255.255 port 5684: Permission denied"},
    {.name = "tcp_server_resets_in_the_handshake",
     .options = tls_root,
     .arrange = [](stage& on) { on.listener = std::make_unique<tcp_listener>(peer_port); },
     .act = [](stage& on) { on.listener->accept().reset(); },
     .code = 803,
     .text = "Connection reset by peer"},
    {.name = "tcp_server_closes_in_the_handshake",
     .options = tls_root,
     .arrange = [](stage& on) { on.listener = std::make_unique<tcp_listener>(peer_port); },
     .act =
         [](stage& on) {
           const auto connection = on.listener->accept();
           read_record(connection);
           connection.finish();
         },
     .code = 803,
     .text = "closed the connection during the handshake, after our ClientHello"},
    {.name = "server_speaks_no_tls",
     .options = tls_root,
     .arrange = [](stage& on) { on.listener = std::make_unique<tcp_listener>(peer_port); },
     .act =
         [](stage& on) {
           const auto connection = on.listener->accept();
           read_record(connection);
           connection.write("HTTP/1.1 400 Bad Request\r\n\r\n");
         },
     .code = 808,
     .text = "wrong version number"},
    {.name = "client_aborts",
     .options = dtls_psk,
     .arrange = [](stage& on) { on.silence = std::make_unique<silent_port>(peer_port); },
     .act = [](stage& on) { on.channel.ok("AT#TABORT=1"); },
     .code = 817,
     .text = "The client aborted it"},
};

INSTANTIATE_TEST_SUITE_P(transport, failing_connect, ::testing::ValuesIn(transport_rows), row_name);

}  // namespace
}  // namespace tlsmodem::test

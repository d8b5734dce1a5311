// Connects that fail because the two ends do not come to an agreement.
#include "peer_failure_fixture.hpp"
#include "tests/support/openssl_version.hpp"

namespace tlsmodem::test {
namespace {

using options = std::vector<std::string>;

const options dtls_root = {R"("ca","1")"};
const options tls_root = {R"("proto","tls")", R"("ca","1")"};
const options tls1_2_root = {R"("proto","tls")", R"("ca","1")", R"("version","1.2","1.2")"};

// For peers that answer at first: three seconds for each of their answers.
const options patient = {R"("hs_min",200)", R"("hs_max",1600)"};

void serve_dtls(stage& on, const options& arguments) { on.serve(s_server_version::dtls1_2, arguments); }
void serve_tls(stage& on, const options& arguments) { on.serve(s_server_version::tls1_2, arguments); }
void serve_tls1_3(stage& on, const options& arguments) { on.serve(s_server_version::tls1_3, arguments); }

void listen(stage& on) { on.listener = std::make_unique<tcp_listener>(peer_port); }

tcp_connection hear_hello(stage& on) {
  auto connection = on.listener->accept();
  read_record(connection);
  return connection;
}

void serve_gnutls_that_wants_a_certificate(stage& on, std::vector<std::string> arguments,
                                           peer_transport over) {
  arguments.insert(arguments.end(), {"--port", std::to_string(peer_port), "--x509certfile", on.good_file,
                                     "--x509keyfile", on.good_file, "--require-client-cert"});
  arguments.insert(arguments.begin(), "gnutls-serv");
  on.peers.emplace_back(new peer(arguments, over, peer_port));
}

// A certificate of the test's root, unlike the good one in one point.
options certificate(const stage& on, const certificate_request& request, key_kind kind = key_kind::ec_p256) {
  return {"-cert", on.files.write("bad.pem", issue(on.root, request, kind))};
}

const std::vector<failure_row> key_rows = {
    {.name = "wrong_psk_at_s_server",
     .options = with({R"("psk","4")"}, patient),
     .arrange = [](stage& on) { serve_dtls(on, on.good); },
     .good_psk = wrong_psk_key,
     .code = 804,
     .text = "fell silent after our Finished; wrong pre-shared key or identity?"},
    {.name = "wrong_psk_at_coap_server_openssl",
     .options = with({R"("psk","4")"}, patient),
     .arrange = [](stage& on) { on.serve_coap(coap_library::openssl); },
     .good_psk = wrong_psk_key,
     .code = 804,
     .text = "fell silent after our Finished; wrong pre-shared key or identity?"},
    {.name = "wrong_psk_at_coap_server_gnutls",
     .options = with({R"("psk","4")"}, patient),
     .arrange = [](stage& on) { on.serve_coap(coap_library::gnutls); },
     .good_psk = wrong_psk_key,
     .code = 804,
     .text = "wrong pre-shared key or identity?"},
    {.name = "wrong_psk_at_gnutls_serv",
     .options = with({R"("psk","4")"}, patient),
     .arrange = [](stage& on) { on.serve_gnutls_psk(); },
     .good_psk = wrong_psk_key,
     .code = 804,
     .text = "wrong pre-shared key or identity?"},
    {.name = "long_identity_hint_of_gnutls_serv",
     .options = with({R"("psk","3")"}, patient),
     .arrange =
         [](stage& on) {
           on.serve_gnutls_psk({"--pskhint", std::string(257, 'h')});
         },
     .code = 813,
     .alert = 40,
     .text = "the server's PSK identity hint is longer than 256 bytes",
     .alert_out = "2,40"},
    {.name = "port_without_dtls",
     .options = with({R"("psk","3")"}, patient),
     .arrange =
         [](stage& on) {
           // libcoap's server answers with a reset up to version 4.3.4, and keeps silent from 4.3.5 on.
           on.peers.emplace_back(
               new peer({"socat", "UDP4-RECVFROM:" + std::to_string(peer_port) + ",bind=127.0.0.1,fork",
                         "EXEC:echo what?"},
                        peer_transport::udp, peer_port));
         },
     .code = 804,
     .text = "the server answers with something else than DTLS"},
    {.name = "unknown_identity_at_gnutls_serv",
     .options = with({R"("psk","5")"}, patient),
     .arrange = [](stage& on) { on.serve_gnutls_psk(); },
     .code = 804,
     .text = "wrong pre-shared key or identity?"},
    {.name = "wrong_psk_and_the_connect_has_a_limit",
     .options = {R"("psk","4")", R"("hs_timeout",1500)"},
     .arrange = [](stage& on) { serve_dtls(on, on.good); },
     .good_psk = wrong_psk_key,
     .code = 804,
     .text = "took too long, waiting for the handshake: the server fell silent after our Finished; wrong "
             "pre-shared key or identity?"},
    {.name = "wrong_psk_met_with_a_fin_over_tls1_3",
     .options = {R"("psk","4")", R"("proto","tls")", R"("version","1.3")"},
     .arrange = listen,
     .act = [](stage& on) { hear_hello(on).finish(); },
     .good_psk = wrong_psk_key,
     .code = 803,
     .text = "closed the connection during the handshake, after our ClientHello; wrong pre-shared key or "
             "identity?"},
    {.name = "wrong_psk_met_with_a_reset_over_tls1_3",
     .options = {R"("psk","4")", R"("proto","tls")", R"("version","1.3")"},
     .arrange = listen,
     .act = [](stage& on) { hear_hello(on).reset(); },
     .good_psk = wrong_psk_key,
     .code = 803,
     .text = "Connection reset by peer, after our ClientHello; wrong pre-shared key or identity?"},
    {.name = "wrong_psk_over_tls1_2",
     .options = {R"("psk","4")", R"("proto","tls")", R"("version","1.2","1.2")"},
     .arrange = [](stage& on) { serve_tls(on, on.good); },
     .good_psk = wrong_psk_key,
     .code = 805,
     .alert = 20,
     .text = "bad_record_mac (20); wrong pre-shared key or identity?",
     .alert_in = "2,20"},
    {.name = "wrong_psk_over_tls1_3",
     .options = {R"("psk","4")", R"("proto","tls")", R"("version","1.3")"},
     .arrange = [](stage& on) { serve_tls1_3(on, on.good); },
     .good_psk = wrong_psk_key,
     .code = 805,
     .alert = wrong_binder_alert(),
     .text = "wrong pre-shared key or identity?",
     .alert_in = "2," + std::to_string(wrong_binder_alert())},
    {.name = "unknown_identity_over_tls1_3_at_a_server_with_a_certificate",
     .options = {R"("psk","5")", R"("proto","tls")", R"("version","1.3")"},
     .arrange = [](stage& on) { serve_tls1_3(on, on.good); },
     .good_identity = "stranger",
     .code = 806,
     .alert = 40,
     .text = "did not take the pre-shared key and showed a certificate",
     .alert_out = "2,40"},
};

const std::vector<failure_row> certificate_rows = {
    {.name = "expired_certificate",
     .options = dtls_root,
     .arrange =
         [](stage& on) {
           serve_dtls(on,
                      certificate(on, {.ip = {"127.0.0.1"}, .not_before_days = -9, .not_after_days = -2}));
         },
     .code = 806,
     .alert = 45,
     .text = "certificate has expired",
     .alert_out = "2,45"},
    {.name = "certificate_of_the_future",
     .options = dtls_root,
     .arrange =
         [](stage& on) { serve_dtls(on, certificate(on, {.ip = {"127.0.0.1"}, .not_before_days = 2})); },
     .code = 806,
     .alert = 42,
     .text = "certificate is not yet valid",
     .alert_out = "2,42"},
    {.name = "self_signed_certificate",
     .options = tls_root,
     .arrange =
         [](stage& on) {
           serve_tls(on, {"-cert", on.files.write("bad.pem", self_sign({.ip = {"127.0.0.1"}}))});
         },
     .code = 806,
     .alert = 48,
     .text = "self-signed certificate",
     .alert_out = "2,48"},
    {.name = "certificate_of_an_unknown_authority",
     .options = tls_root,
     .arrange =
         [](stage& on) {
           const identity unknown = make_root("unknown root");
           serve_tls1_3(on, {"-cert", on.files.write("bad.pem", issue(unknown, {.ip = {"127.0.0.1"}}))});
         },
     .code = 806,
     .alert = 48,
     .text = "unable to get local issuer certificate",
     .alert_out = "2,48"},
    {.name = "certificate_that_is_too_long",
     .options = dtls_root,
     .arrange =
         [](stage& on) {
           const std::vector<std::string> units(1800, std::string(64, 'u'));
           serve_dtls(on, certificate(on, {.ip = {"127.0.0.1"}, .units = units}));
         },
     .code = 813,
     .text = "bytes, more than the 102400 that this modem takes"},
    {.name = "certificate_for_clients",
     .options = dtls_root,
     .arrange =
         [](stage& on) {
           serve_dtls(on, certificate(on, {.ip = {"127.0.0.1"}, .role = certificate_role::client}));
         },
     .code = 806,
     .alert = 43,
     .text = "unsuitable certificate purpose",
     .alert_out = "2,43"},
    {.name = "certificate_with_a_short_key",
     .options = tls_root,
     .arrange =
         [](stage& on) {
           auto weak = certificate(on, {.ip = {"127.0.0.1"}}, key_kind::rsa_1024);
           weak.insert(weak.end(), {"-cipher", "ALL:@SECLEVEL=0"});
           serve_tls(on, weak);
         },
     .code = 806,
     .alert = 42,
     .text = "EE certificate key too weak",
     .alert_out = "2,42"},
    {.name = "certificate_for_another_name",
     .options = with(dtls_root, {R"("sni","elsewhere.test")"}),
     .arrange = [](stage& on) { serve_dtls(on, on.good); },
     .good_name = "elsewhere.test",
     .code = 807,
     .alert = 42,
     .text = "hostname mismatch",
     .alert_out = "2,42"},
    {.name = "certificate_for_another_address",
     .options = tls_root,
     .arrange = [](stage& on) { serve_tls1_3(on, certificate(on, {.ip = {"127.0.0.2"}})); },
     .code = 807,
     .alert = 42,
     .text = "IP address mismatch",
     .alert_out = "2,42"},
    {.name = "no_client_certificate_where_dtls_asks_for_one",
     .options = dtls_root,
     .arrange =
         [](stage& on) {
           serve_dtls(on, on.good_and({"-Verify", "1", "-verify_return_error"}));
         },
     .code = 805,
     .alert = 40,
     .text = "the alert handshake_failure (40); it asked for a client certificate, and there is none",
     .alert_in = "2,40"},
    {.name = "no_client_certificate_where_tls1_2_asks_for_one",
     .options = tls1_2_root,
     .arrange =
         [](stage& on) {
           serve_tls(on, on.good_and({"-Verify", "1", "-verify_return_error"}));
         },
     .code = 805,
     .alert = 40,
     .text = "the alert handshake_failure (40); it asked for a client certificate, and there is none",
     .alert_in = "2,40"},
    {.name = "no_client_certificate_where_gnutls_serv_asks_for_one_over_dtls",
     .options = with(dtls_root, patient),
     .arrange = [](stage& on) { serve_gnutls_that_wants_a_certificate(on, {"--udp"}, peer_transport::udp); },
     .code = 804,
     .text = "fell silent after our Finished; it asked for a client certificate, and there is none"},
    {.name = "no_client_certificate_where_gnutls_serv_asks_for_one_over_tls1_2",
     .options = tls1_2_root,
     .arrange = [](stage& on) { serve_gnutls_that_wants_a_certificate(on, {}, peer_transport::tcp); },
     .code = 805,
     .alert = 50,
     .text = "the alert decode_error (50); it asked for a client certificate, and there is none",
     .alert_in = "2,50"},
    {.name = "client_certificate_of_a_kind_that_the_server_does_not_take",
     .options = with(tls1_2_root, {R"("cert","2")", R"("key","2")"}),
     .arrange =
         [](stage& on) {
           serve_tls(on,
                     on.good_and({"-Verify", "1", "-verify_return_error", "-client_sigalgs", "RSA+SHA256"}));
         },
     .code = 805,
     .alert = 40,
     .text = "it asked for a client certificate, and ours is of no kind that it takes",
     .alert_in = "2,40"},
    {.name = "client_certificate_of_an_unknown_authority_over_dtls",
     .options = with(dtls_root, {R"("cert","7")", R"("key","7")"}),
     .arrange =
         [](stage& on) {
           serve_dtls(on, on.good_and({"-Verify", "1", "-verify_return_error"}));
         },
     .code = 805,
     .alert = 48,
     .text = "the alert unknown_ca (48)",
     .alert_in = "2,48"},
    {.name = "client_certificate_of_an_unknown_authority_over_tls1_2",
     .options = with(tls1_2_root, {R"("cert","7")", R"("key","7")"}),
     .arrange =
         [](stage& on) {
           serve_tls(on, on.good_and({"-Verify", "1", "-verify_return_error"}));
         },
     .code = 805,
     .alert = 48,
     .text = "the alert unknown_ca (48)",
     .alert_in = "2,48"},
    {.name = "no_cipher_suite_in_common",
     .options = with(dtls_root, {R"("ciphers","C0AC")"}),
     .arrange =
         [](stage& on) {
           serve_dtls(on, on.good_and({"-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"}));
         },
     .code = 808,
     .alert = 40,
     .text = "the alert handshake_failure (40)",
     .alert_in = "2,40"},
    {.name = "server_is_too_new",
     .options = tls1_2_root,
     .arrange = [](stage& on) { serve_tls1_3(on, on.good); },
     .code = 808,
     .alert = 70,
     .text = "the alert protocol_version (70)",
     .alert_in = "2,70"},
    {.name = "server_is_too_old",
     .options = with(tls_root, {R"("version","1.3")"}),
     .arrange = [](stage& on) { serve_tls(on, on.good); },
     .code = 808,
     .alert = 70,
     .text = "the alert protocol_version (70)",
     .alert_in = "2,70"},
    {.name = "no_application_protocol_in_common",
     .options = with(dtls_root, {R"("alpn","coap")"}),
     .arrange =
         [](stage& on) {
           serve_dtls(on, on.good_and({"-alpn", "h2"}));
         },
     .code = 808,
     .alert = 120,
     .text = "the alert no_application_protocol (120)",
     .alert_in = "2,120"},
    {.name = "name_that_the_server_does_not_have",
     .options = with(tls_root, {R"("sni","server.test")"}),
     .arrange =
         [](stage& on) {
           serve_tls(on, on.good_and({"-servername", "other.test", "-servername_fatal", "-cert2",
                                      on.good_file, "-key2", on.good_file}));
         },
     .code = 805,
     .alert = 112,
     .text = "the alert unrecognized_name (112)",
     .alert_in = "2,112"},
};

INSTANTIATE_TEST_SUITE_P(key, failing_connect, ::testing::ValuesIn(key_rows), row_name);
INSTANTIATE_TEST_SUITE_P(certificate, failing_connect, ::testing::ValuesIn(certificate_rows), row_name);

}  // namespace
}  // namespace tlsmodem::test

// What a command refuses, by its number and by the sentence of +CEER; nothing of it reaches the network, and
// the socket can do afterwards what it could before.
#include "peer_fixture.hpp"
#include "tests/support/datagrams.hpp"

#include <ostream>

namespace tlsmodem::test {
namespace {

struct refusal {
  const char* name;
  std::vector<std::string> options;  // AT#TCFG=0,<each>
  std::vector<std::string> before;   // lines that go well
  std::string line;
  std::string payload;
  int code;
  std::string text;  // part of the sentence, as +CEER writes it
};

const std::vector<refusal> when_opening = {
    {"psk_that_is_not_there", {R"("psk","99")"}, {}, "AT#TOPEN=0", "", 809, "The tag 99 holds no PSK."},
    {"identity_that_is_not_there",
     {R"("psk","3")"},
     {"AT#TCRED=3,3,4"},
     "AT#TOPEN=0",
     "",
     809,
     "The tag 3 holds no PSK identity."},
    {"trusted_certificate_that_is_not_there",
     {R"("ca","1,99")"},
     {},
     "AT#TOPEN=0",
     "",
     809,
     "The tag 99 holds no trusted certificate."},
    {"key_that_is_not_there",
     {R"("ca","1")", R"("cert","2")", R"("key","99")"},
     {},
     "AT#TOPEN=0",
     "",
     809,
     "The tag 99 holds no private key."},
    {"certificate_without_a_key",
     {R"("ca","1")", R"("cert","2")"},
     {},
     "AT#TOPEN=0",
     "",
     809,
     "no private key"},
    {"key_without_a_certificate",
     {R"("ca","1")", R"("key","2")"},
     {},
     "AT#TOPEN=0",
     "",
     809,
     "no own certificate"},
    {"nothing_to_verify_with", {}, {}, "AT#TOPEN=0", "", 809, "there are no trusted certificates"},
    {"key_of_another_certificate",
     {R"("ca","1")", R"("cert","2")", R"("key","7")"},
     {},
     "AT#TOPEN=0",
     "",
     810,
     "the private key does not match the own certificate"},
    {"suites_that_do_not_exist",
     {R"("psk","3")", R"("ciphers","FFFF,EEEE")"},
     {},
     "AT#TOPEN=0",
     "",
     808,
     "none of the cipher suites fits"},
    {"certificate_suites_with_a_psk",
     {R"("psk","3")", R"("ciphers","C02B")"},
     {},
     "AT#TOPEN=0",
     "",
     808,
     "none of the cipher suites fits"},
    {"version_that_dtls_does_not_have",
     {R"("psk","3")", R"("version","1.3")"},
     {},
     "AT#TOPEN=0",
     "",
     808,
     "no protocol version lies between"},
    {"timer_maximum_below_its_minimum",
     {R"("psk","3")", R"("hs_max",999)"},
     {},
     "AT#TOPEN=0",
     "",
     50,
     "hs_max is below hs_min"},
    {"profile_that_does_not_exist", {}, {}, "AT#TOPEN=16", "", 50, "must be a number from 0 to 15"},
};

const std::vector<refusal> of_a_socket = {
    {"send_before_connect",
     {R"("psk","3")"},
     {"AT#TOPEN=0"},
     "AT#TSEND=1,3",
     "abc",
     811,
     "while the socket is open"},
    {"shut_before_connect",
     {R"("psk","3")"},
     {"AT#TOPEN=0"},
     "AT#TSHUT=1",
     "",
     811,
     "while the socket is open"},
    {"abort_of_no_connect",
     {R"("psk","3")"},
     {"AT#TOPEN=0"},
     "AT#TABORT=1",
     "",
     811,
     "while the socket is open"},
    {"receive_from_a_pushing_socket",
     {R"("psk","3")"},
     {"AT#TOPEN=0"},
     "AT#TRECV=1",
     "",
     3,
     "its option delivery is not pull"},
    {"socket_that_does_not_exist", {}, {}, "AT#TCONN=1,\"127.0.0.1\",5684", "", 21, "There is no socket 1"},
    {"closing_what_does_not_exist", {}, {}, "AT#TCLOSE=9", "", 21, "There is no socket 9"},
    {"port_zero", {R"("psk","3")"}, {"AT#TOPEN=0"}, "AT#TCONN=1,\"127.0.0.1\",0", "", 50, "from 1 to 65535"},
    {"no_host", {R"("psk","3")"}, {"AT#TOPEN=0"}, "AT#TCONN=1,\"\",5684", "", 50, "The host is empty"},
    {"host_as_a_bare_word", {R"("psk","3")"}, {"AT#TOPEN=0"}, "AT#TCONN=1,localhost,5684", "", 50, ""},
    {"host_with_half_an_escape", {R"("psk","3")"}, {"AT#TOPEN=0"}, R"(AT#TCONN=1,"\2",5684)", "", 25, ""},
    {"host_that_is_too_long",
     {R"("psk","3")"},
     {"AT#TOPEN=0"},
     "AT#TCONN=1,\"" + std::string(256, 'a') + "\",5684",
     "",
     24,
     "longer than 255 bytes"},
    {"one_value_too_many",
     {R"("psk","3")"},
     {"AT#TOPEN=0"},
     "AT#TCONN=1,\"127.0.0.1\",5684,\"\",1",
     "",
     50,
     "more values than the command takes"},
    {"bind_to_a_name",
     {R"("psk","3")"},
     {"AT#TOPEN=0"},
     "AT#TBIND=1,\"localhost\",0",
     "",
     50,
     "is no IP address"},
    {"bind_to_a_foreign_address",
     {R"("psk","3")"},
     {"AT#TOPEN=0"},
     "AT#TBIND=1,\"192.0.2.1\",0",
     "",
     50,
     "Cannot bind to 192.0.2.1:0: Cannot assign requested address."},
    {"bind_to_a_port_in_use",
     {R"("psk","3")"},
     {"AT#TOPEN=0"},
     "AT#TBIND=1,\"127.0.0.1\",6000",
     "",
     821,
     "Cannot bind to 127.0.0.1:6000: Address already in use."},
};

const std::vector<refusal> of_an_option = {
    {"option_that_does_not_exist",
     {},
     {},
     "AT#TCFG=0,\"colour\",1",
     "",
     22,
     R"(There is no option \22colour\22.)"},
    {"profile_that_nobody_configured",
     {},
     {},
     "AT#TCFG=0,\"load\",\"none\"",
     "",
     22,
     R"(has no profile \22none\22)"},
    {"versions_the_wrong_way_round",
     {},
     {},
     "AT#TCFG=0,\"version\",\"1.3\",\"1.2\"",
     "",
     50,
     "The maximum version is below the minimum."},
    {"suite_that_is_no_number", {}, {}, "AT#TCFG=0,\"ciphers\",\"AES\"", "", 50, "four hexadecimal digits"},
    {"carried_transport",
     {},
     {},
     "AT#TCFG=0,\"proto\",\"dtls\",\"carried\"",
     "",
     4,
     "not supported by this version"},
    {"connection_id", {}, {}, "AT#TCFG=0,\"cid\",\"abc\"", "", 50, "A connection ID is off, auto"},
    {"detaching", {}, {}, "AT#TCFG=0,\"hangup\",\"detach\"", "", 4, "not supported by this version"},
};

const std::vector<refusal> of_a_credential = {
    {"persistent_one_that_does_not_parse", {}, {}, "AT#TCRED=0,20,0,5", "hello", 810, ""},
    {"revocation_list_that_does_not_parse",
     {},
     {},
     "AT#TCRED=0,20,5,5,1",
     "hello",
     810,
     "no revocation list"},
    {"certificate_that_does_not_parse", {}, {}, "AT#TCRED=0,20,0,5,1", "hello", 810, ""},
    {"key_that_does_not_parse", {}, {}, "AT#TCRED=0,20,2,5,1", "hello", 810, "the data is no"},
    {"empty_psk", {}, {}, "AT#TCRED=0,20,3,0,1", "", 810, "A PSK has 1 to"},
    {"deleting_what_is_not_there", {}, {}, "AT#TCRED=3,20,3", "", 22, "The tag 20 holds no PSK."},
    {"reading_a_key", {}, {}, "AT#TCRED=2,2,2", "", 3, "Only certificates and revocation lists"},
    {"reading_a_psk", {}, {}, "AT#TCRED=2,3,3", "", 3, "Only certificates and revocation lists"},
};

class refused_command : public peer_test, public ::testing::WithParamInterface<refusal> {};

TEST_P(refused_command, is_told_and_changes_nothing) {
  const auto& row = GetParam();
  const silent_port taken(second_port);
  configure(row.options);
  for (const auto& line : row.before) channel_.ok(line);
  const auto sockets = channel_.ok("AT#TOPEN?");
  const auto profile = channel_.ok("AT#TCFG=0");
  const auto credentials = channel_.ok("AT#TCRED=1");

  EXPECT_EQ(channel_.error_of(row.line, row.payload), row.code);
  const auto told = sentence();

  EXPECT_NE(told.find(row.text), std::string::npos) << told;
  EXPECT_TRUE(told.ends_with('.')) << told;
  EXPECT_EQ(channel_.ok("AT#TOPEN?"), sockets);
  EXPECT_EQ(channel_.ok("AT#TCFG=0"), profile);
  EXPECT_EQ(channel_.ok("AT#TCRED=1"), credentials);
}

std::string row_name(const ::testing::TestParamInfo<refusal>& row) { return row.param.name; }
void PrintTo(const refusal& row, std::ostream* out) { *out << row.name; }

INSTANTIATE_TEST_SUITE_P(when_opening, refused_command, ::testing::ValuesIn(when_opening), row_name);
INSTANTIATE_TEST_SUITE_P(of_a_socket, refused_command, ::testing::ValuesIn(of_a_socket), row_name);
INSTANTIATE_TEST_SUITE_P(of_an_option, refused_command, ::testing::ValuesIn(of_an_option), row_name);
INSTANTIATE_TEST_SUITE_P(of_a_credential, refused_command, ::testing::ValuesIn(of_a_credential), row_name);

class busy_socket : public peer_test {
 protected:
  busy_socket() {
    configure({R"("psk","3")"});
    id_ = channel_.open();
    channel_.ok("AT#TCONN=1,\"127.0.0.1\"," + std::to_string(second_port));
  }
  silent_port silence_{second_port};
  int id_ = 0;
};

TEST_F(busy_socket, refuses_everything_but_abort_and_close) {
  for (const auto& [line, payload] :
       std::vector<std::pair<std::string, std::string>>{{"AT#TSEND=1,3", "abc"},
                                                        {"AT#TCONN=1,\"127.0.0.1\",5684", ""},
                                                        {"AT#TBIND=1,\"127.0.0.1\",0", ""},
                                                        {"AT#TREOPEN=1", ""},
                                                        {"AT#TSHUT=1", ""}}) {
    EXPECT_EQ(channel_.error_of(line, payload), 812) << line;
    EXPECT_NE(sentence().find("is not possible while the socket is connecting."), std::string::npos) << line;
  }
  EXPECT_EQ(channel_.info(id_, "state"), "\"connecting\"");
  channel_.ok("AT#TABORT=1");
  EXPECT_EQ(at::parse_fail(channel_.event("#TFAIL").line)->code, at::error::aborted);
}

TEST_F(busy_socket, is_closed_without_another_word) {
  channel_.ok("AT#TCLOSE=1");
  EXPECT_EQ(state_of(1), "gone");
  EXPECT_EQ(channel_.open(), 1);  // its id is free, and no #TFAIL of the old one came before this answer
  channel_.ok("AT#TCONN=1,\"127.0.0.1\"," + std::to_string(second_port));
  channel_.ok("AT#TABORT=1");
  EXPECT_EQ(at::parse_fail(channel_.event("#TFAIL").line)->code, at::error::aborted);
}

TEST_F(peer_test, the_seventeenth_socket_of_a_channel_is_refused_until_one_is_closed) {
  configure({R"("psk","3")"});
  for (int id = 1; id <= 16; ++id) EXPECT_EQ(channel_.open(), id);
  EXPECT_EQ(channel_.error_of("AT#TOPEN=0"), 815);
  EXPECT_EQ(sentence(), "There are too many open sockets.");
  channel_.ok("AT#TCLOSE=7");
  EXPECT_EQ(channel_.open(), 7);
}

TEST_F(peer_test, a_record_that_is_too_long_is_refused_and_the_association_goes_on) {
  const auto server = coap_server(coap_library::openssl, peer_port, {"-k", std::string(psk_key)});
  configure({R"("psk","3")"});
  const int id = channel_.open();
  channel_.connect_up(id, "127.0.0.1", peer_port);

  EXPECT_EQ(channel_.error_of("AT#TSEND=1,16385", std::string(16385, 'x')), 813);
  EXPECT_NE(sentence().find("at most 16384 bytes"), std::string::npos);
  channel_.send(id, std::string_view("\x40\x01\x12\x34\xb4time"));
  EXPECT_EQ(channel_.receive().substr(0, 4), "\x60\x45\x12\x34");
  EXPECT_EQ(channel_.info(id, "state"), "\"connected\"");
}

}  // namespace
}  // namespace tlsmodem::test

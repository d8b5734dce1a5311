// The C interface, used by a program in C that knows nothing else of this tree (c_api_test_main.c).
#include "client_fixture.hpp"

namespace tlsmodem::test {
namespace {

std::string run(const std::string& modem, std::vector<std::string> arguments = {}) {
  const temporary_directory directory;
  arguments.insert(arguments.begin(), C_API_PROGRAM);
  process program(arguments, {directory.path("output"), {}, {"TLSMODEM_SOCKET=" + modem}});
  EXPECT_EQ(program.wait(), 0);
  return read_file(directory.path("output"));
}

table life() {
  const auto refused =
      line(at::format(at::fail_event{1, at::error::alert_received, 48, "The peer refuses us."}));
  const auto closed = line(at::format(at::down_event{1, at::down_cause::peer_closed, -1, "Closed."}));
  return {{"#TCONN=1,\"refused.example\"", {}, 0, refused},
          {"#TCONN=1,\"coap.example\"", {}, 0, key(a_handle) + up(0)},
          {"#TCONN=1,\"other.example\"", {}, 0, up(1)},
          {"#TSEND=1,3", {}, 0, received("answer") + received("too long")},
          {"#TSEND=1,4", {}, 0, received("hello") + closed}};
}

constexpr auto expected = R"(new -1 -1 -1 []
set_text 0 []
set_text 0 []
set_number 0 []
no type 50 [There is no such tag or type.]
no tag 50 [There is no such tag or type.]
key 0 []
sealed 0 []
send before 811 [The socket is not connected.]
receive before 811 [The socket is not connected.]
late key 3 [The socket is in use already.]
bind 0 []
refused 805 [The peer refuses us.]
alert 48 how -1
connect 0 []
fd 1 how 0 alert -1
send 0 []
receive 0 0 [answer]
receive 0 1 [too ]
receive 804 0 []
handle 0123456789abcdef00112233445566ff
closed 1 -1
again 0 []
how 1
bye 0 []
receive 0 0 [hello]
receive 0 2 []
send behind 811 [The socket is not connected.]
how -1
)";

// tlsmodem.h: credentials are refused only behind the first bind or connect.
TEST(c_api, is_what_its_header_says) {
  scripted_modem modem({life()});
  EXPECT_EQ(run(modem.path(), {modem.path()}), expected);
}

TEST(c_api, reaches_the_modem) {
  scripted_modem modem({life()});
  run(modem.path());  // found by the environment
  const std::vector<std::string> all = {"#TPROMPT=0",
                                        std::string("#TCRED=0,1,3,3,1|k\0y", 20),
                                        "#TCRED=0,2,2,3,1,\"word\"|pem",
                                        "#TCFG=0,\"reset\"",
                                        "#TCFG=0,\"psk\",\"1\"",
                                        "#TCFG=0,\"dscp\",46",
                                        "#TOPEN=0",
                                        "#TBIND=1,\"127.0.0.1\",4000",
                                        "#TCONN=1,\"refused.example\",5684",
                                        "#TCONN=1,\"coap.example\",5684",
                                        std::string("#TSEND=1,3,1|a\0b", 16),
                                        "#TCLOSE=1,1",
                                        "#TOPEN=0",
                                        "#TRESUME=1,\"" + a_handle + "\"",
                                        "#TCONN=1,\"other.example\",5684",
                                        "#TSEND=1,4,1|bye!",
                                        "#TCLOSE=1,1"};
  EXPECT_EQ(modem.commands(0), all);
  EXPECT_EQ(modem.channels(), 1U);
}

}  // namespace
}  // namespace tlsmodem::test

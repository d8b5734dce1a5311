// coap_get, as a person runs it: against libcoap's server, with a key of its own and with the modem's.
#include "tests/support/peers.hpp"
#include "tests/support/running_daemon.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <regex>

namespace tlsmodem::test {
namespace {

constexpr int port = 7850;
constexpr auto the_key = "0123456789abcdef";
// What the resource "time" of libcoap's example server says: "Nov 25 09:37:03".
const std::regex a_time("[A-Z][a-z]{2} [0-9 ][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}\n");

class coap_get : public ::testing::Test {
 protected:
  struct outcome {
    int status = -1;
    std::string output;
  };
  outcome run(const std::string& daemon, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), COAP_GET);
    const auto output = directory_.path("output");
    process program(arguments, {output, {}, {"TLSMODEM_SOCKET=" + daemon}});
    const auto status = program.wait().value_or(-1);
    outcome done{status, read_file(output)};
    std::filesystem::remove(output);
    return done;
  }
  static std::vector<std::string> get_time() { return {"127.0.0.1", std::to_string(port), "device", "time"}; }

  temporary_directory directory_;
};

TEST_F(coap_get, with_a_key_of_its_own) {
  const peer server = coap_server(coap_library::openssl, port, {"-k", the_key});
  const running_daemon daemon;
  auto arguments = get_time();
  arguments.emplace_back(the_key);
  const auto done = run(daemon.socket_path(), arguments);
  EXPECT_EQ(done.status, 0) << done.output;
  EXPECT_TRUE(std::regex_match(done.output, a_time)) << done.output;
}

// The process has neither the key nor the identity: it could not even be made to tell them.
TEST_F(coap_get, with_a_key_that_only_the_daemon_has) {
  const peer server = coap_server(coap_library::openssl, port, {"-k", the_key});
  for (const auto& [name, content] : {std::pair("psk", the_key), std::pair("identity", "device")}) {
    write_file(directory_.path(name), content);
    std::filesystem::permissions(directory_.path(name), std::filesystem::perms(0600));
  }
  const running_daemon daemon("[credential 1]\npsk = " + directory_.path("psk") +
                              "\nidentity = " + directory_.path("identity") + "\n");
  const auto done = run(daemon.socket_path(), get_time());
  EXPECT_EQ(done.status, 0) << done.output;
  EXPECT_TRUE(std::regex_match(done.output, a_time)) << done.output;
}

TEST_F(coap_get, without_any_key_says_so) {
  const running_daemon daemon;
  const auto done = run(daemon.socket_path(), get_time());
  EXPECT_EQ(done.status, 1);
  EXPECT_TRUE(done.output.starts_with("connect: ")) << done.output;
}

TEST_F(coap_get, without_a_daemon_says_where_it_looked) {
  const auto nowhere = directory_.path("at.sock");
  const auto done = run(nowhere, get_time());
  EXPECT_EQ(done.status, 1);
  EXPECT_NE(done.output.find(nowhere), std::string::npos) << done.output;
}

TEST_F(coap_get, explains_itself) {
  EXPECT_EQ(run({}, {}).status, 64);
  EXPECT_EQ(run({}, {"127.0.0.1", "5684", "device", "time", "key", "more"}).status, 64);
}

}  // namespace
}  // namespace tlsmodem::test

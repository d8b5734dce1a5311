// IPv4 and IPv6, names with several addresses, and which of them is taken.
#include "peer_fixture.hpp"
#include "tests/support/hosts_file.hpp"

namespace tlsmodem::test {
namespace {

// The names must be there before the daemon starts, which is a member of peer_test.
struct own_names {
  own_names() {
    use_hosts(directory,
              "127.0.0.1 four.test several.test\n127.0.0.2 several.test\n::1 six.test several.test\n");
  }
  temporary_directory directory;
};

class addresses : private own_names, public peer_test {
 protected:
  // The certificate of a server for all names.
  std::string file_for_all_names() {
    return files_.write("everywhere.pem", issue(root_, {.dns = {"four.test", "six.test", "several.test"}}));
  }

  // To where a socket with these options connects.
  std::string reached(const std::vector<std::string>& options, const std::string& connect) {
    channel_.ok("AT#TCFG=0,\"reset\"");
    configure({R"("proto","tls")", R"("ca","1")"});
    configure(options);
    const int id = channel_.open();
    channel_.ok("AT#TCONN=" + std::to_string(id) + "," + connect);
    const auto up = at::parse_up(channel_.event("#TUP").line);
    channel_.ok("AT#TCLOSE=" + std::to_string(id));
    return up->remote_address;
  }
};

TEST_F(addresses, dtls_over_ipv6) {
  const auto server = coap_server(coap_library::openssl, peer_port, {"-k", std::string(psk_key)}, "::1");
  configure({R"("psk","3")"});
  const int id = channel_.open();
  const auto up = channel_.connect_up(id, "::1", peer_port);
  EXPECT_EQ(up.remote_address, "::1");
  EXPECT_EQ(up.local_address, "::1");
  channel_.send(id, std::string_view("\x40\x01\x12\x34\xb4time"));
  EXPECT_EQ(channel_.receive().substr(0, 4), "\x60\x45\x12\x34");
  EXPECT_EQ(channel_.info(id, "remote"), "\"::1\"," + std::to_string(peer_port));
}

TEST_F(addresses, dtls_over_ipv6_verifies_the_address) {
  const auto server = s_server(s_server_version::dtls1_2, peer_port, certificate_server(), "[::1]");
  configure({R"("ca","1")"});
  const int id = channel_.open();
  EXPECT_EQ(channel_.connect_up(id, "::1", peer_port).remote_address, "::1");
  EXPECT_EQ(channel_.info(id, "verify"), "\"ok\"");
}

TEST_F(addresses, https_over_ipv6) {
  const nginx server(peer_port, {server_file(), {}});
  configure({R"("proto","tls")", R"("ca","1")"});
  const int id = channel_.open();
  EXPECT_EQ(channel_.connect_up(id, "::1", peer_port).remote_address, "::1");
  channel_.send(id, "GET / HTTP/1.0\r\n\r\n");
  const auto [answer, down] = until_down();
  EXPECT_EQ(answer.substr(0, 15), "HTTP/1.1 200 OK");
  EXPECT_EQ(down.cause, at::down_cause::peer_closed);
}

TEST_F(addresses, a_name_is_resolved_and_verified) {
  const nginx server(peer_port, {file_for_all_names(), {}});
  EXPECT_EQ(reached({}, "\"four.test\",5684"), "127.0.0.1");
  EXPECT_EQ(reached({}, "\"six.test\",5684"), "::1");
  EXPECT_EQ(reached({}, "\"FOUR.test\",5684"), "127.0.0.1");
}

TEST_F(addresses, the_option_family_chooses_among_the_addresses_of_a_name) {
  const nginx server(peer_port, {file_for_all_names(), {}});
  const std::string several = "\"several.test\",5684";
  EXPECT_EQ(reached({R"("family","v6")"}, several), "::1");
  EXPECT_EQ(reached({R"("family","any","v6")"}, several), "::1");
  EXPECT_NE(reached({R"("family","v4")"}, several), "::1");
  EXPECT_NE(reached({R"("family","any","v4")"}, several), "::1");
}

TEST_F(addresses, the_preferred_address_is_taken_when_the_name_has_it) {
  const nginx server(peer_port, {file_for_all_names(), {}});
  EXPECT_EQ(reached({}, "\"several.test\",5684,\"127.0.0.1\""), "127.0.0.1");
  EXPECT_EQ(reached({}, "\"several.test\",5684,\"127.0.0.2\""), "127.0.0.2");
  EXPECT_EQ(reached({}, "\"several.test\",5684,\"::1\""), "::1");
  EXPECT_EQ(reached({R"("family","any","v6")"}, "\"several.test\",5684,\"127.0.0.2\""), "127.0.0.2");
}

TEST_F(addresses, a_preferred_address_that_the_name_does_not_have_is_not_taken) {
  const nginx server(peer_port, {file_for_all_names(), {}});
  EXPECT_EQ(reached({}, "\"four.test\",5684,\"127.0.0.2\""), "127.0.0.1");
  EXPECT_EQ(reached({}, "\"six.test\",5684,\"127.0.0.1\""), "::1");
  EXPECT_EQ(reached({R"("family","v6")"}, "\"several.test\",5684,\"127.0.0.2\""), "::1");
}

TEST_F(addresses, a_name_that_nobody_knows_is_told_and_the_socket_connects_afterwards) {
  const nginx server(peer_port, {file_for_all_names(), {}});
  configure({R"("proto","tls")", R"("ca","1")"});
  const int id = channel_.open();
  const auto fail = channel_.connect_fail(id, "nowhere.test", peer_port);
  EXPECT_EQ(fail.code, at::error::name_not_resolved);
  const std::string place = "nowhere.test port " + std::to_string(peer_port);
  EXPECT_TRUE(fail.text.starts_with(place + ": The name nowhere.test was not resolved")) << fail.text;
  EXPECT_EQ(sentence(), "The connect to " + place + " failed: " + fail.text.substr(place.size() + 2));
  EXPECT_EQ(channel_.connect_up(id, "four.test", peer_port).remote_address, "127.0.0.1");
}

}  // namespace
}  // namespace tlsmodem::test

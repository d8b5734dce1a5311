// Resumption with every server that the machine has, and every reason for which it does or does not come
// about: what #TUP says, what the wire shows, and what the server says are one.
#include "session_fixture.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

namespace tlsmodem::test {
namespace {

class session_table : public session_test, public ::testing::WithParamInterface<server_row> {
 protected:
  session_table() : session_test("socket-mode = 0666\n") { start_server(GetParam()); }

  // <how> when nothing is in the way.
  static int resumed() { return GetParam().resumes() ? 1 : 0; }

  void expect_resume(test_channel& channel, const std::string& handle, int how) {
    const auto again = resume(channel, handle);
    EXPECT_EQ(again.up.how, how);
    expect_on_wire(how);
  }
  // A new client asks for the handle, and gets a full handshake without an error.
  void expect_full_instead_of(const std::string& handle, const std::vector<std::string>& more = {}) {
    const auto before = connections();
    auto channel = client(more);
    expect_resume(channel, handle, 0);
    EXPECT_EQ(connections(), before + 1);  // within one handshake
    channel.ok("AT#TCLOSE=1");             // s_server takes the next client when it has heard goodbye
  }
};

TEST_P(session_table, same_socket) {
  if (GetParam().parts == parting::never_answers)
    GTEST_SKIP() << "this server does not answer a close_notify: the socket stays closing";
  auto channel = client({R"("resume",1)"});
  const int id = channel.open();
  const auto first = connect(channel, id);
  EXPECT_EQ(first.up.how, 0);
  expect_on_wire(0);
  for (int round = 0; round < 3; ++round) {
    part(channel, id);
    const auto again = connect(channel, id);
    EXPECT_EQ(again.up.how, resumed());
    EXPECT_EQ(again.up.suite, first.up.suite);
    EXPECT_EQ(again.handle, first.handle);
    expect_on_wire(resumed());
  }
}

TEST_P(session_table, by_handle_on_another_channel) {
  const auto handle = make_session();
  for (int round = 0; round < 3; ++round) {
    auto channel = client();
    const auto again = resume(channel, handle);
    EXPECT_EQ(again.up.how, resumed());
    EXPECT_EQ(again.handle, handle);
    expect_on_wire(resumed());
    part(channel, again.id);
  }
}

TEST_P(session_table, without_a_handle_nothing_is_offered) {
  make_session();
  auto channel = client();
  EXPECT_EQ(connect(channel, channel.open()).up.how, 0);
  expect_on_wire(0);
}

TEST_P(session_table, automatic) {
  const auto handle = make_session({R"("resume",3)"});
  auto channel = client({R"("resume",3)"});
  const auto again = connect(channel, channel.open());
  EXPECT_EQ(again.up.how, resumed());
  if (GetParam().resumes()) {
    EXPECT_EQ(again.handle, handle);
  }
  expect_on_wire(resumed());
}

TEST_P(session_table, never) {
  make_session();
  auto channel = client({R"("resume",0)"});
  const int id = channel.open();
  EXPECT_EQ(channel.error_of("AT#TRESUME=1,\"00112233445566778899aabbccddeeff\""), 3);
  channel.ok("AT#TCONN=1,\"127.0.0.1\"," + std::to_string(relay_port));
  EXPECT_EQ(next_up(channel).how, 0);
  expect_on_wire(0);
  EXPECT_EQ(channel.info(id, "state"), "\"connected\"");
}

TEST_P(session_table, after_a_restart_of_the_daemon) {
  const auto handle = make_session();
  daemon_.restart(SIGTERM);
  auto channel = client();
  expect_resume(channel, handle, resumed());
}

TEST_P(session_table, after_the_daemon_was_killed) {
  const auto handle = make_session();
  flush_store();
  daemon_.restart(SIGKILL);
  auto channel = client();
  expect_resume(channel, handle, resumed());
}

TEST_P(session_table, with_another_store_key) {
  const auto handle = make_session();
  const auto key_file = files_.write_text("store-key", std::string(32, 'k'));
  std::filesystem::permissions(key_file, std::filesystem::perms(0600));
  daemon_.stop(SIGTERM);
  const auto before = read_file(daemon_.state_path("store.db"));
  daemon_.restart(SIGTERM, {"--store-key", key_file});
  expect_full_instead_of(handle);
  daemon_.stop(SIGTERM);
  EXPECT_EQ(read_file(daemon_.state_path("store.db")), before);
  daemon_.restart(SIGTERM);
  auto channel = client();
  expect_resume(channel, handle, resumed());
}

TEST_P(session_table, of_a_server_that_forgot) {
  const auto handle = make_session();
  restart_server();
  const auto before = connections();
  auto channel = client();
  const auto again = resume(channel, handle);
  EXPECT_EQ(again.up.how, 0);
  EXPECT_EQ(again.handle, handle);  // the name stays, for what takes the place of the old session
  expect_on_wire(0);
  EXPECT_EQ(connections(), before + 1);
  part(channel, again.id);
  auto next = client();
  expect_resume(next, handle, resumed());
}

TEST_P(session_table, by_a_damaged_handle) {
  const auto handle = make_session();
  auto other = handle;
  other[7] = other[7] == '0' ? '1' : '0';
  for (const auto& damaged :
       {other, handle.substr(1), handle + "0", std::string(), std::string("\x01\xff", 2)}) {
    SCOPED_TRACE(damaged);
    auto channel = client();
    const auto made = resume(channel, damaged);
    EXPECT_EQ(made.up.how, 0);
    EXPECT_NE(made.handle, handle);
    expect_on_wire(0);
    part(channel, made.id);
  }
}

TEST_P(session_table, by_the_handle_of_another_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  std::filesystem::permissions(daemon_.directory().path(), std::filesystem::perms(0711));
  const auto handle = make_session();
  if (::seteuid(65534) != 0) GTEST_SKIP() << "this user namespace has one user only";
  auto other = client();
  ASSERT_EQ(::seteuid(0), 0);
  EXPECT_TRUE(other.ok("AT#TSESS?").empty());
  EXPECT_EQ(other.error_of("AT#TSESS=\"forget\",\"" + handle + "\""), 22);
  const auto made = resume(other, handle);
  EXPECT_EQ(made.up.how, 0);
  EXPECT_NE(made.handle, handle);
  expect_on_wire(0);
  part(other, made.id);
  auto owner = client();
  expect_resume(owner, handle, resumed());
}

TEST_P(session_table, with_another_server_name) {
  const auto handle = make_session();
  expect_full_instead_of(handle, {R"("sni","server.test")"});
}

TEST_P(session_table, with_another_host) {
  const auto handle = make_session();
  auto channel = client();
  EXPECT_EQ(resume(channel, handle, "localhost").up.how, 0);
  expect_on_wire(0);
}

TEST_P(session_table, with_other_credentials) {
  const auto handle = make_session();
  expect_full_instead_of(
      handle, {GetParam().is_psk() ? "\"psk\",\"" + std::to_string(other_identity) + "\"" : R"("ca","1,6")"});
}

INSTANTIATE_TEST_SUITE_P(servers, session_table, ::testing::ValuesIn(server_rows()),
                         [](const auto& made) { return made.param.name; });

}  // namespace
}  // namespace tlsmodem::test

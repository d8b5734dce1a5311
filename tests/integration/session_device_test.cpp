// A device that sleeps, moves and crashes, and a server that does: what each costs, with data over the
// association that comes out of it.
#include "session_fixture.hpp"

#include <algorithm>
#include <csignal>

namespace tlsmodem::test {
namespace {

constexpr std::string_view coap_get_time("\x40\x01\x12\x34\xb4time");

class sleeping_device : public session_test {
 protected:
  explicit sleeping_device(const char* server = "dtls_psk_coap_server_openssl") {
    start_server(server_called(server));
  }

  udp_nat& nat() { return dynamic_cast<udp_nat&>(*relay_); }
  std::size_t client_datagrams(std::size_t conversation) const {
    const auto all = relay_->conversations().at(conversation);
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [](const auto& each) { return each.is_from_client; }));
  }
  // Datagrams of the client with protected data.
  std::size_t data_datagrams(std::size_t conversation) const {
    const auto all = relay_->conversations().at(conversation);
    return static_cast<std::size_t>(std::count_if(
        all.begin(), all.end(), [](const auto& each) { return each.is_from_client && each.data[0] == 23; }));
  }
  // Longer than the millisecond that auto_resume is set to: silence is what is tested.
  static void stay_silent() {
    const auto end = std::chrono::steady_clock::now() + 3ms;
    ASSERT_TRUE(eventually([&] { return std::chrono::steady_clock::now() > end; }));
  }
  static void ask(test_channel& channel, int id) { channel.send(id, coap_get_time); }
  // ACK, 2.05 Content, the same message id
  static void expect_answer(test_channel& channel) {
    const auto item = next_event(channel);
    ASSERT_TRUE(item.line.starts_with("#TRX:")) << item.line;
    EXPECT_EQ(as_text(item.payload).substr(0, 4), "\x60\x45\x12\x34");
  }
  static void expect_talk(test_channel& channel, int id) {
    ask(channel, id);
    expect_answer(channel);
  }
  // Of a session that was made, <how> and data over it.
  void expect_resume(const std::string& handle, int how, const std::vector<std::string>& more = {}) {
    auto channel = client(more);
    const auto again = resume(channel, handle);
    EXPECT_EQ(again.up.how, how);
    expect_on_wire(how);
    expect_talk(channel, again.id);
  }
};

TEST_F(sleeping_device, client_crash) {
  std::string lines = "AT#TCRED=0,3,3,16,1\r" + std::string(psk_key) + "AT#TCRED=0,3,4,6,1\r" +
                      std::string(psk_identity) + "AT#TCFG=0,\"psk\",\"3\";#TCFG=0,\"hs_min\",20000\r";
  lines += "AT#TOPEN=0\rAT#TCONN=1,\"127.0.0.1\"," + std::to_string(relay_port) + "\r";
  const temporary_directory directory;
  process victim({"socat", "-", "UNIX-CONNECT:" + daemon_.socket_path()},
                 {directory.path("output"), lines, {}});
  std::string output;
  ASSERT_TRUE(eventually([&] {
    output = read_file(directory.path("output"));
    return output.find("#TUP: 1,0,") != std::string::npos;
  })) << output;
  constexpr std::string_view key = "#TKEY: 1,\"";
  const auto handle = output.substr(output.find(key) + key.size(), 32);
  expect_on_wire(0);
  victim.signal(SIGKILL);
  EXPECT_EQ(victim.wait(), 128 + SIGKILL);

  expect_resume(handle, 1);
}

class hibernation : public sleeping_device, public ::testing::WithParamInterface<const char*> {};

TEST_P(hibernation, ends_without_a_word_and_resumes) {
  std::string handle;
  {
    auto channel = client();
    const int id = channel.open();
    channel.ok("AT#TBIND=1,\"127.0.0.1\",6001");
    handle = connect(channel, id).handle;
    expect_on_wire(0);
    expect_talk(channel, id);
    channel.ok("AT#TCLOSE=1,1");
  }
  const auto said = client_datagrams(0);
  daemon_.restart(SIGTERM);

  auto channel = client();
  const int id = channel.open();
  channel.ok("AT#TBIND=1,\"" + std::string(GetParam()) + "\",6002");
  channel.ok("AT#TRESUME=1,\"" + handle + "\"");
  const auto again = connect(channel, id);
  EXPECT_EQ(again.up.how, 1);
  EXPECT_EQ(again.up.local_address, GetParam());
  EXPECT_EQ(again.handle, handle);
  expect_on_wire(1);
  expect_talk(channel, id);
  EXPECT_EQ(client_datagrams(0), said);  // no close_notify
}

INSTANTIATE_TEST_SUITE_P(device, hibernation, ::testing::Values("127.0.0.1", "127.0.0.2"),
                         [](const auto& made) {
                           return made.param == std::string("127.0.0.1") ? "same_address" : "new_address";
                         });

TEST_F(sleeping_device, nat_rebinding_without_cid) {
  auto channel = client();
  const int id = channel.open();
  connect(channel, id);
  expect_on_wire(0);
  expect_talk(channel, id);

  nat().rebind();
  ask(channel, id);  // to a server that knows nobody there
  channel.ok("AT#TREHS=1");
  EXPECT_EQ(next_up(channel).how, 1);  // and no answer before
  expect_on_wire(1);
  expect_talk(channel, id);
}

TEST_F(sleeping_device, nat_rebinding_with_auto_resume) {
  auto channel = client({R"("auto_resume",1)"});
  const int id = channel.open();
  connect(channel, id);
  expect_on_wire(0);
  nat().rebind();
  stay_silent();
  ask(channel, id);
  EXPECT_EQ(next_up(channel).how, 1);
  expect_answer(channel);
  EXPECT_EQ(data_datagrams(0), 0U);
}

TEST_F(sleeping_device, auto_resume_holds_a_send_until_the_new_association_carries_it_once) {
  auto channel = client({R"("auto_resume",1)"});
  const int id = channel.open();
  const auto first = connect(channel, id);
  expect_on_wire(0);

  stay_silent();
  ask(channel, id);
  const auto up = next_up(channel);
  EXPECT_EQ(up.how, 1);
  EXPECT_NE(up.local_port, first.up.local_port);
  expect_answer(channel);
  ASSERT_EQ(connections(), 2U);
  EXPECT_EQ(data_datagrams(0), 0U);
  EXPECT_EQ(data_datagrams(1), 1U);
}

TEST_F(sleeping_device, auto_resume_without_an_answer_fails_the_send_and_is_tried_again) {
  auto channel = client({R"("auto_resume",1)", R"("hs_timeout",2000)"});
  const int id = channel.open();
  connect(channel, id);
  nat().lose([](const passage&) { return true; });
  stay_silent();
  const auto line = "AT#TSEND=1," + std::to_string(coap_get_time.size());
  EXPECT_EQ(channel.error_of(line, coap_get_time), 804);
  EXPECT_TRUE(next_event(channel).line.starts_with("#TFAIL: 1,804,"));
  EXPECT_EQ(channel.info(id, "state"), "\"connected\"");

  nat().lose({});
  stay_silent();
  ask(channel, id);
  EXPECT_EQ(next_up(channel).how, 1);
  expect_answer(channel);
}

TEST_F(sleeping_device, server_crash) {
  auto channel = client();
  const int id = channel.open();
  const auto first = connect(channel, id);
  expect_on_wire(0);
  restart_server();
  ask(channel, id);  // nobody answers
  channel.ok("AT#TREHS=1");
  EXPECT_EQ(next_up(channel).how, 0);
  expect_on_wire(0);
  expect_talk(channel, id);
  EXPECT_EQ(channel.info(id, "handle"), "\"" + first.handle + "\"");
  restart_server();
  expect_resume(first.handle, 0);
}

TEST_F(sleeping_device, server_offline_and_back) {
  const auto handle = make_session();
  nat().lose([](const passage&) { return true; });
  for (int round = 0; round < 3; ++round) {
    auto channel = client({R"("hs_timeout",60)"});
    const int id = channel.open();
    channel.ok("AT#TRESUME=1,\"" + handle + "\"");
    EXPECT_EQ(channel.connect_fail(id, "127.0.0.1", relay_port).code, at::error::handshake_timeout);
  }
  nat().lose({});
  expect_resume(handle, 1);
}

TEST_F(sleeping_device, server_process_stopped_and_continued) {
  const auto handle = make_session();
  server_.program->program().pause();
  {
    auto channel = client({R"("hs_timeout",60)"});
    const int id = channel.open();
    channel.ok("AT#TRESUME=1,\"" + handle + "\"");
    EXPECT_EQ(channel.connect_fail(id, "127.0.0.1", relay_port).code, at::error::handshake_timeout);
  }
  server_.program->program().resume();
  expect_resume(handle, 1);
}

TEST_F(sleeping_device, server_refuses_connections_and_is_back) {
  const auto handle = make_session();
  const int nobody = second_port;
  auto channel = client();
  const int id = channel.open();
  channel.ok("AT#TRESUME=1,\"" + handle + "\"");
  EXPECT_EQ(channel.connect_fail(id, "127.0.0.1", nobody).code, at::error::connection_refused);
  const auto again = connect(channel, id);  // the handle is asked for until a connect comes through
  EXPECT_EQ(again.up.how, 1);
  expect_on_wire(1);
  expect_talk(channel, id);
}

TEST_F(sleeping_device, close_by_the_client) {
  auto channel = client();
  const int id = channel.open();
  const auto first = connect(channel, id);
  expect_on_wire(0);
  part(channel, id);
  expect_resume(first.handle, 1);
}

// ---- a new handshake beside the association

class rehandshake : public sleeping_device, public ::testing::WithParamInterface<int> {};

TEST_P(rehandshake, of_datagrams_while_data_flows) {
  const int mode = GetParam();
  auto channel = client();
  const int id = channel.open();
  const auto first = connect(channel, id);
  expect_on_wire(0);
  constexpr int burst = 50;
  for (int i = 0; i < burst; ++i) ask(channel, id);
  channel.ok("AT#TREHS=1," + std::to_string(mode));
  for (int i = 0; i < burst; ++i) ask(channel, id);
  int answers = 0;
  auto item = next_event(channel);
  for (; item.line.starts_with("#TRX:"); item = next_event(channel)) ++answers;
  EXPECT_GE(answers, 1);
  EXPECT_LE(answers, 2 * burst);
  const auto up = at::parse_up(item.line);
  ASSERT_TRUE(up) << item.line;
  EXPECT_EQ(up->how, mode);
  EXPECT_NE(up->local_port, first.up.local_port);
  expect_talk(channel, id);
  EXPECT_EQ(channel.info(id, "state"), "\"connected\"");
}

INSTANTIATE_TEST_SUITE_P(mode, rehandshake, ::testing::Values(0, 1),
                         [](const auto& made) { return made.param == 0 ? "full" : "abbreviated"; });

TEST_F(sleeping_device, rehandshake_on_a_bound_port_fails_and_leaves_the_old_association_good) {
  auto channel = client({R"("hs_timeout",1500)"});  // enough for the first, too
  const int id = channel.open();
  channel.ok("AT#TBIND=1,\"127.0.0.1\",6001");
  connect(channel, id);
  for (int round = 0; round < 2; ++round) {
    channel.ok("AT#TREHS=1");
    EXPECT_EQ(channel.error_of("AT#TREHS=1"), 812);
    EXPECT_TRUE(next_event(channel).line.starts_with("#TFAIL: 1,804,"));  // this server ignores it
    EXPECT_EQ(channel.info(id, "state"), "\"connected\"");
    expect_talk(channel, id);
  }
  EXPECT_EQ(connections(), 1U + 2U) << "the association, and the handshakes that this server ignores";
}

class device_of_s_server : public sleeping_device {
 protected:
  device_of_s_server() : sleeping_device("dtls_certificate_s_server") {}
};

TEST_F(device_of_s_server, lost_last_flight_of_an_abbreviated_handshake_is_repeated) {
  const auto handle = make_session();
  auto lost = std::make_shared<std::atomic<int>>(0);
  nat().lose([lost](const passage& what) {  // the client's ChangeCipherSpec and what is with it, once
    return what.is_from_client && what.data[0] == 20 && lost->fetch_add(1) == 0;
  });
  auto channel = client();
  const auto again = resume(channel, handle);
  EXPECT_EQ(again.up.how, 1);
  EXPECT_TRUE(eventually([&] { return *lost >= 2; }));  // the server has asked again by repeating itself
  channel.send(again.id, "is anybody there\n");
  EXPECT_TRUE(server_.program->prints("is anybody there\n"));
  server_.program->type("yes\n");
  EXPECT_EQ(as_text(next_event(channel).payload), "yes\n");
}

}  // namespace
}  // namespace tlsmodem::test

// The daemon's own life: start, reload, stop, and how it refuses.
#include "data_fixture.hpp"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <optional>

namespace tlsmodem::test {
namespace {

// A daemon that is expected to end by itself.
struct attempt {
  int status = -1;
  std::string output;
};
attempt run_tlsmodemd(const std::vector<std::string>& arguments) {
  const temporary_directory directory;
  std::vector<std::string> all = {running_daemon::program()};
  all.insert(all.end(), arguments.begin(), arguments.end());
  process daemon(all, {directory.path("output"), {}, {}});
  const int status = daemon.wait().value_or(-1);
  return {status, read_file(directory.path("output"))};
}
// The same with the arguments that every start needs.
attempt run_with_socket(const std::string& socket_path, const std::string& state_dir) {
  return run_tlsmodemd({"--config", "/dev/null", "--listen", socket_path, "--state-dir", state_dir});
}

// ---- command line

TEST(command_line_of_the_daemon, answers_with_text_and_status) {
  const temporary_directory directory;
  write_file(directory.path("good"), "max-channels = 3\n[profile default]\nproto = tls\n");
  write_file(directory.path("bad-key"), "max-chanels = 3\n");
  write_file(directory.path("bad-profile"), "[profile a]\nproto = sctp\n");
  const auto records = [](int count) {
    std::string lines;
    for (int i = 0; i < count; ++i) lines += "dane = \"3 1 1 00\"\n";
    return lines;
  };
  write_file(directory.path("records"), "[profile default]\n" + records(8) + "[profile a]\n" + records(8));
  write_file(directory.path("many"), "[profile default]\n" + records(8) + "[profile a]\n" + records(9));
  const struct {
    std::vector<std::string> arguments;
    int status;
    std::string says;
  } cases[] = {
      {{"--help"}, 0, "--check-config"},
      {{"--version"}, 0, "OpenSSL"},
      {{"--check-config", "--config", directory.path("good")}, 0, ""},
      {{"--check-config", "--config", directory.path("bad-key")}, 78, "bad-key:1: max-chanels"},
      {{"--check-config", "--config", directory.path("bad-profile")}, 78, "bad-profile:2: [profile a] proto"},
      {{"--check-config", "--config", directory.path("records")}, 0, ""},
      {{"--check-config", "--config", directory.path("many")},
       78,
       "many:19: [profile a] dane: A profile has"},
      {{"--config", directory.path("many")}, 78, "many:19: [profile a] dane: A profile has"},
      {{"--config", directory.path("bad-key")}, 78, "bad-key:1"},
      {{"--check-config", "--config", directory.path("missing")}, 78, "missing"},
      {{"--nonsense"}, 64, "nonsense"},
      {{"--max-channels", "many", "--config", directory.path("good")}, 64, "max-channels"},
      {{"surplus"}, 64, "positional"},
  };
  for (const auto& c : cases) {
    const auto done = run_tlsmodemd(c.arguments);
    EXPECT_EQ(done.status, c.status) << c.arguments.front() << ": " << done.output;
    EXPECT_NE(done.output.find(c.says), std::string::npos) << done.output;
    EXPECT_EQ(done.output.find("tlsmodemd: tlsmodemd:"), std::string::npos) << done.output;
    EXPECT_LE(done.status == 0 ? 0 : std::count(done.output.begin(), done.output.end(), '\n'), 1)
        << done.output;
  }
}

// ---- the socket file

TEST(socket_file, of_a_daemon_that_was_killed_is_replaced) {
  std::optional<running_daemon> first(std::in_place);
  first->daemon().signal(SIGKILL);
  EXPECT_EQ(first->daemon().wait(), 128 + SIGKILL);
  ASSERT_TRUE(std::filesystem::exists(first->socket_path()));
  running_daemon second({}, {}, first->socket_path());
  test_channel(second.socket_path()).ok("AT");
}

TEST(socket_file, of_a_living_daemon_is_left_alone) {
  running_daemon first;
  const temporary_directory state;
  const auto second = run_with_socket(first.socket_path(), state.path("state"));
  EXPECT_EQ(second.status, 1);
  EXPECT_NE(second.output.find("Another process listens on " + first.socket_path()), std::string::npos)
      << second.output;
  test_channel(first).ok("AT");
}

TEST(socket_file, does_not_overwrite_what_is_no_socket) {
  const temporary_directory directory;
  write_file(directory.path("precious"), "content");
  const auto done = run_with_socket(directory.path("precious"), directory.path("state"));
  EXPECT_EQ(done.status, 1);
  EXPECT_NE(done.output.find("is not a socket"), std::string::npos) << done.output;
  EXPECT_EQ(read_file(directory.path("precious")), "content");
}

TEST(socket_file, that_cannot_be_made_is_told) {
  const temporary_directory directory;
  const auto done = run_with_socket(directory.path("no/such/directory"), directory.path("state"));
  EXPECT_EQ(done.status, 1);
  EXPECT_NE(done.output.find("no/such/directory"), std::string::npos) << done.output;
}

TEST(socket_file, has_the_configured_mode_and_goes_with_the_daemon) {
  for (const auto& [text, mode] : {std::pair{"0600", 0600U}, std::pair{"0666", 0666U}}) {
    running_daemon daemon(std::string("socket-mode = ") + text + "\n");
    struct stat status {};
    ASSERT_EQ(::stat(daemon.socket_path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, mode);
    daemon.daemon().signal(SIGTERM);
    EXPECT_EQ(daemon.daemon().wait(), 0);
    EXPECT_FALSE(std::filesystem::exists(daemon.socket_path()));
  }
}

TEST(socket_file, that_another_daemon_has_made_stays_when_the_first_one_stops) {
  running_daemon first;
  std::filesystem::remove(first.socket_path());
  const running_daemon second({}, {}, first.socket_path());
  first.stop(SIGTERM);
  EXPECT_TRUE(can_be_connected(first.socket_path()));
}

TEST(socket_file, belongs_to_the_configured_group) {
  // Who is not root may give a file only to a group that they are in.
  const auto* group = ::getgrgid(::getuid() == 0 ? 1 : ::getgid());
  ASSERT_NE(group, nullptr);
  const running_daemon daemon(std::string("socket-group = ") + group->gr_name + "\n");
  struct stat status {};
  ASSERT_EQ(::stat(daemon.socket_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_gid, group->gr_gid);
}

TEST(socket_file, is_not_made_for_a_group_that_there_is_not) {
  const temporary_directory directory;
  write_file(directory.path("config"), "socket-group = no-such-group\n");
  const auto done = run_tlsmodemd({"--config", directory.path("config"), "--listen",
                                   directory.path("at.sock"), "--state-dir", directory.path("state")});
  EXPECT_EQ(done.status, 1);
  EXPECT_NE(done.output.find("There is no group no-such-group."), std::string::npos) << done.output;
  EXPECT_FALSE(std::filesystem::exists(directory.path("at.sock")));
}

// ---- stopping

TEST(stop, tells_every_client_and_every_peer) {
  running_daemon daemon;
  const tls_echo echo(7500);
  const tcp_listener listener(7501);
  std::vector<test_channel> channels;
  std::vector<tcp_connection> peers;
  for (int i = 0; i < 3; ++i) {
    auto& channel = channels.emplace_back(daemon);
    configure(channel, tls_echo::profile());
    channel.connect_up(channel.open(), "127.0.0.1", 7500);
    configure(channel, {R"("proto","tcp")"});
    channel.connect_up(channel.open(), "127.0.0.1", 7501);
    peers.push_back(listener.accept());
    peers.back().write("unread so far");
  }
  daemon.daemon().signal(SIGTERM);
  for (auto& channel : channels) {
    std::vector<std::string> lines;
    while (auto item = channel.raw().next_event(deadline()))
      if (!item->line.starts_with("#TKEY:")) lines.push_back(item->line);
    EXPECT_EQ(lines.size(), 3U);
    int stopped = 0;
    for (const auto& line : lines)
      stopped += line.starts_with("#TDOWN: 1,5,") || line.starts_with("#TDOWN: 2,5,") ? 1 : 0;
    EXPECT_EQ(stopped, 2);
  }
  for (const auto& peer : peers) EXPECT_TRUE(peer.reads_end());
  EXPECT_EQ(daemon.daemon().wait(), 0);
}

TEST(stop, ends_a_connect_in_progress) {
  running_daemon daemon;
  const tcp_listener listener(7501);
  test_channel channel(daemon);
  configure(channel, tls_echo::profile());
  channel.ok("AT#TCONN=" + std::to_string(channel.open()) + ",\"127.0.0.1\",7501");
  const auto peer = listener.accept();
  EXPECT_EQ(peer.read(1), "\x16");
  daemon.daemon().signal(SIGTERM);
  EXPECT_TRUE(channel.event("#TFAIL").line.starts_with("#TFAIL: 1,817,"));
  EXPECT_EQ(daemon.daemon().wait(), 0);
}

TEST(stop, puts_what_was_received_before_the_end) {
  running_daemon daemon("stop-timeout = 60000\n");
  const tcp_listener listener(7501);
  test_channel channel(daemon);
  configure(channel, {R"("proto","tcp")"});
  channel.connect_up(channel.open(), "127.0.0.1", 7501);
  const auto peer = listener.accept();
  const auto data = random_bytes(65536, 1);
  std::size_t offered = 0;
  int refusals = 0;
  eventually([&] {  // until the channel and the socket's queue are full
    const auto size = peer.write_some(data);
    offered += size;
    refusals = size == 0 ? refusals + 1 : 0;
    return refusals == 50;
  });
  daemon.daemon().signal(SIGTERM);
  std::vector<std::string> lines;
  while (auto item = channel.raw().next_event(deadline())) lines.push_back(item->line);
  ASSERT_FALSE(lines.empty());
  EXPECT_TRUE(lines.back().starts_with("#TDOWN: 1,5,")) << lines.back();
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) EXPECT_TRUE(lines[i].starts_with("#TRX:")) << lines[i];
  EXPECT_EQ(daemon.daemon().wait(), 0);
}

TEST(stop, does_not_wait_for_clients_and_peers_that_never_read) {
  running_daemon daemon("stop-timeout = 50\n");
  const tcp_listener listener(7501);
  test_channel channel(daemon);
  configure(channel, {R"("proto","tcp")"});
  channel.connect_up(channel.open(), "127.0.0.1", 7501);
  const auto peer = listener.accept();
  const tcp_connection writer(::dup(channel.raw().fd()));
  const auto lines = "AT#TSEND=1,65536,1\r" + random_bytes(65536, 2);
  std::string_view left;
  int refusals = 0;
  eventually([&] {
    if (left.empty()) left = lines;
    const auto size = writer.write_some(left);
    left.remove_prefix(size);
    refusals = size == 0 ? refusals + 1 : 0;
    return refusals == 50;
  });
  test_channel deaf(daemon);
  const tcp_connection endless(::dup(deaf.raw().fd()));
  std::string commands;
  for (int i = 0; i < 1000; ++i) commands += "AT+CLAC\r";
  refusals = 0;
  eventually([&] {
    refusals = endless.write_some(commands) == 0 ? refusals + 1 : 0;
    return refusals == 50;
  });
  daemon.daemon().signal(SIGTERM);
  EXPECT_EQ(daemon.daemon().wait(), 0);
  EXPECT_NE(daemon.log().find("did not read their last words"), std::string::npos);
}

// ---- reload

TEST(reload, takes_over_the_log_level_and_the_profiles) {
  running_daemon daemon("log-level = notice\n[profile meter]\nproto = udp\n");
  test_channel channel(daemon);
  channel.ok("AT#TCFG=0,\"load\",\"meter\"");
  EXPECT_EQ(channel.error_of("AT#TCFG=0,\"load\",\"pump\""), 22);
  EXPECT_EQ(daemon.log().find("channel opened"), std::string::npos);

  daemon.write_config("log-level = info\n[profile pump]\nproto = tcp\npsk = 7\n");
  daemon.daemon().signal(SIGHUP);
  ASSERT_TRUE(daemon.await_ready());

  EXPECT_EQ(channel.ok("AT#TCFG=0,\"proto\"").front(), "#TCFG: 0,\"proto\",\"udp\"");  // not touched
  channel.ok("AT#TCFG=0,\"load\",\"pump\"");
  EXPECT_EQ(channel.ok("AT#TCFG=0,\"proto\"").front(), "#TCFG: 0,\"proto\",\"tcp\"");
  EXPECT_EQ(channel.ok("AT#TCFG=0,\"psk\"").front(), "#TCFG: 0,\"psk\",\"7\"");
  EXPECT_EQ(channel.error_of("AT#TCFG=0,\"load\",\"meter\""), 22);
  test_channel(daemon).ok("AT");
  EXPECT_NE(daemon.log().find("channel opened"), std::string::npos);
}

TEST(reload, of_a_broken_file_changes_nothing_and_says_so) {
  running_daemon daemon("log-level = notice\n[profile meter]\nproto = udp\n");
  daemon.write_config("log-level = notice\n[profile meter]\nproto = pigeon\n");
  daemon.daemon().signal(SIGHUP);
  ASSERT_TRUE(daemon.await_ready());
  EXPECT_NE(daemon.log().find("config:3: [profile meter] proto"), std::string::npos) << daemon.log();
  test_channel channel(daemon);
  channel.ok("AT#TCFG=0,\"load\",\"meter\"");
}

TEST(reload, storms_do_not_hurt) {
  running_daemon daemon;
  test_channel channel(daemon);
  for (int i = 0; i < 500; ++i) daemon.daemon().signal(SIGHUP);
  ASSERT_TRUE(daemon.await_ready());
  channel.ok("AT");
  daemon.daemon().signal(SIGTERM);
  EXPECT_EQ(daemon.daemon().wait(), 0);
}

TEST(reload, order_of_timer_options_in_a_profile_does_not_matter) {
  running_daemon daemon("[profile slow]\nhs_min = 100000\nhs_max = 200000\n[profile odd]\nhs_min = 100000\n");
  test_channel channel(daemon);
  channel.ok("AT#TCFG=0,\"load\",\"slow\"");
  EXPECT_EQ(channel.ok("AT#TCFG=0,\"hs_min\"").front(), "#TCFG: 0,\"hs_min\",100000");
  channel.ok("AT#TCFG=0,\"load\",\"odd\"");
  channel.ok("AT#TCFG=0,\"verify\",0");
  EXPECT_EQ(channel.error_of("AT#TOPEN=0"), 50);  // what does not fit together is told when it is to be used
}

}  // namespace
}  // namespace tlsmodem::test

// A person with a terminal program, and what people do: other line ends, slow typing, hanging up in the
// middle.
#include "data_fixture.hpp"

namespace tlsmodem::test {
namespace {

// socat between a pipe and the daemon's socket, as a person would start it.
class terminal {
 public:
  terminal(const running_daemon& daemon, const std::string& address_options = {})
      : process_({"socat", "-,ignoreeof", "UNIX-CONNECT:" + daemon.socket_path() + address_options},
                 {output_file(), {}, {}}) {}

  void type(std::string_view text) const { process_.write_input(text); }
  // Waits until the screen shows the text.
  bool shows(std::string_view text) const {
    return eventually([&] { return screen().find(text) != std::string::npos; });
  }
  std::string screen() const { return read_file(output_file()); }

 private:
  std::string output_file() const { return directory_.path("screen"); }

  temporary_directory directory_;
  process process_;
};

class person : public ::testing::Test {
 protected:
  udp_echo echo_{7200};
  running_daemon daemon_;
};

// A dialogue with a payload behind it, in the line ends of one terminal.
void talk(const terminal& screen, const std::string& line_end) {
  screen.type("at" + line_end);
  EXPECT_TRUE(screen.shows("\r\nOK\r\n"));
  screen.type("AT#TCFG=0,\"proto\",\"udp\"" + line_end + "AT#TOPEN=0" + line_end);
  EXPECT_TRUE(screen.shows("\r\n#TOPEN: 1\r\n\r\nOK\r\n"));
  screen.type("AT#TCONN=1,\"127.0.0.1\",7200" + line_end);
  EXPECT_TRUE(screen.shows("\r\n#TUP: 1,0,"));
  screen.type("AT#TSEND=1,5" + line_end);
  EXPECT_TRUE(screen.shows("> "));
  screen.type("hello");
  EXPECT_TRUE(screen.shows("\r\n#TRX: 1,5\r\nhello\r\n"));
  screen.type("AT#TCLOSE=1" + line_end + "AT#TOPEN?" + line_end + "AT#NONSENSE" + line_end);
  EXPECT_TRUE(screen.shows("\r\nERROR\r\n")) << screen.screen();
}

TEST_F(person, may_end_lines_with_lf_only) { talk(terminal(daemon_), "\n"); }

TEST_F(person, may_end_lines_with_cr_only) { talk(terminal(daemon_), "\r"); }

TEST_F(person, may_end_lines_with_crlf) { talk(terminal(daemon_), "\r\n"); }

TEST_F(person, may_let_socat_make_crlf_of_lf) {
  const terminal screen(daemon_, ",crnl");
  screen.type("AT\n");
  EXPECT_TRUE(screen.shows("OK\n"));
  screen.type("AT#TCFG=0,\"proto\",\"udp\"\nAT#TOPEN=0\nAT#TCONN=1,\"127.0.0.1\",7200\n");
  EXPECT_TRUE(screen.shows("#TUP: 1,0,"));
  screen.type("AT#TSEND=1,5\n");
  EXPECT_TRUE(screen.shows("> "));
  screen.type("hello");
  EXPECT_TRUE(screen.shows("#TRX: 1,5\nhello\n"));
}

TEST_F(person, may_type_one_byte_at_a_time_and_correct_himself) {
  test_channel channel(daemon_);
  const std::string typed = "ATX\bI\rAT#TCFG=3,\"mtu\",900\r";
  for (const char byte : typed) ASSERT_FALSE(channel.raw().write({&byte, 1}, deadline()));
  for (int i = 0; i < 2; ++i) {
    const auto answer = channel.raw().finish_command(deadline());
    ASSERT_TRUE(answer && answer->is_ok);
  }
  EXPECT_EQ(channel.ok("AT#TCFG=3,\"mtu\"").front(), "#TCFG: 3,\"mtu\",900");
}

TEST_F(person, sees_nothing_before_he_has_typed_something) {
  const terminal screen(daemon_);
  test_channel channel(daemon_);
  channel.ok("AT");
  EXPECT_EQ(screen.screen(), "");
}

TEST_F(person, may_hang_up_in_the_middle_of_a_payload_and_nothing_is_sent) {
  test_channel other(daemon_);
  const tcp_listener listener(7201);
  std::optional<test_channel> channel(daemon_);
  configure(*channel, {R"("proto","tcp")"});
  const int id = channel->open();
  channel->connect_up(id, "127.0.0.1", 7201);
  const auto peer = listener.accept();
  ASSERT_FALSE(channel->raw().write("AT#TSEND=" + std::to_string(id) + ",100\rhalf of it", deadline()));
  channel.reset();
  EXPECT_TRUE(peer.reads_end());
  other.ok("AT");
}

TEST_F(person, may_pipe_a_script_and_gets_all_the_answers) {
  const temporary_directory directory;
  process script({"socat", "-t", "60", "-", "UNIX-CONNECT:" + daemon_.socket_path()},
                 {directory.path("answers"), "AT\nATI\nAT#TCFG=0,\"mtu\"\n", {}});
  script.close_input();
  EXPECT_EQ(script.wait(), 0);
  const auto answers = read_file(directory.path("answers"));
  EXPECT_NE(answers.find("#TCFG: 0,\"mtu\",0\r\n\r\nOK\r\n"), std::string::npos) << answers;
}

}  // namespace
}  // namespace tlsmodem::test

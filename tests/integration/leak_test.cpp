// Ten thousand sockets through one daemon: nothing of them is left.
#include "data_fixture.hpp"
#include "tests/support/peers.hpp"

#include <memory>

namespace tlsmodem::test {
namespace {

constexpr int coap_port = 7101;
constexpr int https_port = 7102;
constexpr int udp_port = 7103;
constexpr int nobodys_port = 7104;

// A channel that opens, connects and closes sockets of one kind, many at a time.
class turnstile {
 public:
  turnstile(const running_daemon& daemon, const std::vector<std::string>& options, int port, int width,
            std::string outcome)
      : channel_(daemon), port_(port), width_(width), outcome_(std::move(outcome)) {
    channel_.tcred(1, 3, "0123456789abcdef");
    channel_.tcred(1, 4, "device");
    configure(channel_, options);
  }

  int width() const { return width_; }

  void begin() {
    std::string lines;
    for (int id = 1; id <= width_; ++id)
      lines +=
          "AT#TOPEN=0\rAT#TCONN=" + std::to_string(id) + ",\"127.0.0.1\"," + std::to_string(port_) + "\r";
    write(lines);
  }

  void finish() {
    expect_ok(2 * width_);
    for (int i = 0; i < width_; ++i) channel_.event(outcome_);
    std::string lines;
    for (int id = 1; id <= width_; ++id) lines += "AT#TCLOSE=" + std::to_string(id) + "\r";
    write(lines);
    expect_ok(width_);
  }

 private:
  void write(const std::string& lines) { ASSERT_FALSE(channel_.raw().write(lines, deadline())); }
  void expect_ok(int count) {
    for (int i = 0; i < count; ++i) {
      const auto answer = channel_.raw().finish_command(deadline());
      ASSERT_TRUE(answer && answer->is_ok);
    }
  }

  test_channel channel_;
  const int port_;
  const int width_;
  const std::string outcome_;
};

class leak : public ::testing::Test {
 protected:
  leak() {
    const auto server = self_sign({.common_name = "local", .ip = {"127.0.0.1"}});
    web_ = std::make_unique<nginx>(https_port, nginx_options{files_.write("server.pem", server), {}});
  }

  int open_fds() { return count_open_fds(daemon_.daemon().pid()); }
  long resident() { return resident_kib(daemon_.daemon().pid()); }

  key_files files_;
  peer coap_ = coap_server(coap_library::openssl, coap_port, {"-k", "0123456789abcdef"});
  std::unique_ptr<nginx> web_;
  udp_echo udp_{udp_port};
  running_daemon daemon_{"log-level = notice\n"};
};

TEST_F(leak, ten_thousand_sockets_leave_no_descriptor_and_no_memory) {
  std::vector<std::unique_ptr<turnstile>> kinds;
  const auto add = [&](const std::vector<std::string>& options, int port, int width, const char* outcome) {
    kinds.push_back(std::make_unique<turnstile>(daemon_, options, port, width, outcome));
  };
  add({R"("psk","1")"}, coap_port, 5, "#TUP");
  add({R"("proto","tls")", R"("verify",0)"}, https_port, 5, "#TUP");
  add({R"("proto","udp")"}, udp_port, 10, "#TUP");
  add({R"("proto","tcp")"}, https_port, 10, "#TUP");
  add({R"("proto","tcp")"}, nobodys_port, 10, "#TFAIL");

  const int fds_before = open_fds();
  long warm = 0;
  for (int rounds = 0; rounds < 10'000;) {
    for (const auto& kind : kinds) kind->begin();
    for (const auto& kind : kinds) {
      kind->finish();
      rounds += kind->width();
    }
    if (warm == 0 && rounds >= 2'000) warm = resident();
    ASSERT_FALSE(HasFatalFailure());
  }
  EXPECT_TRUE(eventually([&] { return open_fds() == fds_before; })) << open_fds() << " of " << fds_before;
  expect_growth_below(2048, warm, resident());
}

TEST_F(leak, a_thousand_channels_that_end_with_open_sockets_leave_nothing) {
  const int fds_before = open_fds();
  long warm = 0;
  for (int round = 0; round < 1'000; ++round) {
    turnstile fleeting(daemon_, {R"("proto","tcp")"}, https_port, 3, "#TUP");
    fleeting.begin();  // and away, whatever state its sockets are in
    if (round == 200) warm = resident();
  }
  EXPECT_TRUE(eventually([&] { return open_fds() == fds_before; })) << open_fds() << " of " << fds_before;
  expect_growth_below(2048, warm, resident());
}

}  // namespace
}  // namespace tlsmodem::test

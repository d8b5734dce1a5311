// Clients that mean no good, or know no better: the daemon answers with errors, stays small, and serves the
// others.
#include "daemon/support/openssl_deleter.hpp"
#include "data_fixture.hpp"
#include "tests/support/pki.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pkcs12.h>
#include <openssl/x509.h>

namespace tlsmodem::test {
namespace {

constexpr long small_growth_kib = 4 * 1024;

class abuse : public ::testing::Test {
 protected:
  long resident() { return resident_kib(daemon_.daemon().pid()); }
  // What a good client gets meanwhile.
  void expect_service() {
    const int id = good_.open();
    good_.connect_up(id, "127.0.0.1", 7300);
    good_.send(id, "service?");
    EXPECT_EQ(good_.receive(), "service?");
    good_.ok("AT#TCLOSE=" + std::to_string(id));
  }

  udp_echo echo_{7300};
  running_daemon daemon_{
      "log-level = info\nmax-channels = 300\nmax-channels-per-user = 300\n"
      "[profile default]\nproto = udp\n"};
  test_channel good_{daemon_};
};

// A private key behind so many rounds of PBKDF2, as DER.
std::string sealed_key(int rounds) {
  using info_ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, openssl_deleter<&PKCS8_PRIV_KEY_INFO_free>>;
  using envelope_ptr = std::unique_ptr<X509_SIG, openssl_deleter<&X509_SIG_free>>;
  const auto key = make_key(key_kind::ec_p256);
  const info_ptr info(EVP_PKEY2PKCS8(key.get()));
  const envelope_ptr sealed(PKCS8_encrypt(-1, EVP_aes_256_cbc(), "right", 5, nullptr, 0, rounds, info.get()));
  std::string der(static_cast<std::size_t>(i2d_X509_SIG(sealed.get(), nullptr)), '\0');
  auto* position = reinterpret_cast<unsigned char*>(der.data());
  i2d_X509_SIG(sealed.get(), &position);
  return der;
}

TEST_F(abuse, a_line_of_a_megabyte_is_one_error_and_the_channel_goes_on) {
  test_channel channel(daemon_);
  channel.ok("AT");
  const long before = resident();
  EXPECT_NE(channel.error_of("AT" + std::string(1024 * 1024, 'x')), 0);
  EXPECT_EQ(channel.ok("AT#TCFG=0,\"mtu\"").front(), "#TCFG: 0,\"mtu\",0");
  expect_growth_below(small_growth_kib, before, resident());
}

TEST_F(abuse, a_line_without_an_end_holds_no_memory) {
  test_channel channel(daemon_);
  channel.ok("AT");
  const long before = resident();
  const std::string piece(1024 * 1024, 'x');
  for (int i = 0; i < 32; ++i) ASSERT_FALSE(channel.raw().write(piece, deadline()));
  expect_service();
  expect_growth_below(small_growth_kib, before, resident());
}

TEST_F(abuse, ten_megabytes_of_noise_hurt_nobody) {
  expect_service();
  const long before = resident();
  const auto noise = random_bytes(10 * 1024 * 1024, 1);
  const tcp_connection client(::dup(test_channel(daemon_).raw().fd()));
  std::string_view left = noise;
  std::string swallowed(65536, '\0');
  int round = 0;
  while (!left.empty()) {
    left.remove_prefix(client.write_some(left.substr(0, 100'000)));
    while (::recv(client.fd(), swallowed.data(), swallowed.size(), MSG_DONTWAIT) > 0) {
    }
    if (++round % 50 == 0) expect_service();
  }
  expect_service();
  test_channel(daemon_).ok("AT");
  expect_growth_below(small_growth_kib, before, resident());
  EXPECT_LT(daemon_.log().size(), 100'000U);  // noise does not flood the log
}

TEST_F(abuse, commands_whose_answers_nobody_reads_stop_being_read) {
  expect_service();
  const long before = resident();
  const tcp_connection client(::dup(test_channel(daemon_).raw().fd()));
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "AT+CLAC\r";
  std::size_t taken = 0;
  int refusals = 0;
  EXPECT_TRUE(eventually([&] {
    const auto size = client.write_some(lines);
    taken += size;
    refusals = size == 0 ? refusals + 1 : 0;
    return refusals == 50;
  })) << "64 MiB of commands and more were taken";
  expect_service();
  expect_growth_below(small_growth_kib, before, resident());
}

TEST_F(abuse, two_hundred_channels_that_do_nothing_cost_little_and_disturb_nobody) {
  expect_service();
  const long before = resident();
  std::vector<test_channel> idle;
  for (int i = 0; i < 200; ++i) idle.emplace_back(daemon_);
  expect_service();
  idle.back().ok("AT");
  expect_growth_below(small_growth_kib, before, resident());
}

class abuse_of_time : public ::testing::Test {
 protected:
  static constexpr int sockets = 2;
  // How many sockets others have, by how many are left.
  int in_use(test_channel& seen_from) {
    int left = 0;
    while (left < sockets && seen_from.error_of("AT#TOPEN=0") == 0) ++left;
    for (int id = left; id > 0; --id) seen_from.ok("AT#TCLOSE=" + std::to_string(id));
    return sockets - left;
  }
  running_daemon daemon_{"max-sockets = 2\n[profile default]\nproto = udp\n"};
};

// In a row they would stop everybody, and the watchdog the daemon.
TEST_F(abuse_of_time, commands_that_take_long_leave_the_others_their_turn) {
  const auto sealed = sealed_key(400'000);
  const auto slow = "AT#TCRED=0,5,2," + std::to_string(sealed.size()) + ",1,\"wrong\"\r" + sealed;
  test_channel bad(daemon_);
  test_channel good(daemon_);
  bad.ok("AT#TPROMPT=0;#TOPEN=0");
  std::string all;
  for (int i = 0; i < 40; ++i) all += slow;
  ASSERT_FALSE(bad.raw().write(all + "AT#TCLOSE=1\r", deadline()));
  ASSERT_TRUE(bad.raw().finish_command(deadline()));
  EXPECT_EQ(in_use(good), 1) << "all commands were done before another channel was served";
}

TEST_F(abuse, file_descriptors_that_a_client_passes_are_not_kept) {
  test_channel channel(daemon_);
  channel.ok("AT");
  const int before = count_open_fds(daemon_.daemon().pid());
  for (int i = 0; i < 10; ++i) {
    char line[] = "AT\r";
    iovec part{line, 3};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    *reinterpret_cast<int*>(CMSG_DATA(header)) = STDIN_FILENO;
    ASSERT_EQ(::sendmsg(channel.raw().fd(), &message, 0), 3);
    const auto answer = channel.raw().finish_command(deadline());
    ASSERT_TRUE(answer && answer->is_ok);
  }
  EXPECT_EQ(count_open_fds(daemon_.daemon().pid()), before);
}

// ---- limits

TEST(channel_limit, one_channel_too_many_is_told_so_and_another_one_may_come_when_one_goes) {
  const running_daemon daemon("max-channels = 3\n");
  std::vector<test_channel> all;
  for (int i = 0; i < 3; ++i) all.emplace_back(daemon);
  for (auto& channel : all) channel.ok("AT");
  test_channel refused(daemon);
  const auto words = refused.raw().read_item(deadline());
  ASSERT_TRUE(words);
  EXPECT_EQ(words->code, at::error::limit_reached);
  EXPECT_FALSE(refused.raw().read_item(deadline()));  // and then the end
  all.pop_back();
  EXPECT_TRUE(eventually([&] {
    test_channel next(daemon);
    const auto answer = next.raw().command("AT\r", deadline());
    return answer && answer->is_ok;
  }));
}

TEST(channel_limit, is_kept_for_each_user_too) {
  const running_daemon daemon("max-channels-per-user = 2\nsocket-mode = 0666\n");
  test_channel first(daemon);
  test_channel second(daemon);
  first.ok("AT");
  second.ok("AT");
  test_channel refused(daemon);
  const auto words = refused.raw().read_item(deadline());
  ASSERT_TRUE(words);
  EXPECT_EQ(words->code, at::error::limit_reached);
}

TEST(socket_limit, counts_the_sockets_of_a_channel_and_of_all_channels) {
  const running_daemon daemon(
      "max-sockets = 3\nmax-sockets-per-channel = 2\n[profile default]\nproto = udp\n");
  test_channel one(daemon);
  std::optional<test_channel> other(daemon);
  one.open();
  one.open();
  EXPECT_EQ(one.error_of("AT#TOPEN=0"), 815);
  other->open();
  EXPECT_EQ(other->error_of("AT#TOPEN=0"), 815);
  one.ok("AT#TCLOSE=1");
  other->open();
  EXPECT_EQ(one.error_of("AT#TOPEN=0"), 815);
  other.reset();
  EXPECT_TRUE(eventually([&] { return one.command("AT#TOPEN=0").is_ok; }));
}

}  // namespace
}  // namespace tlsmodem::test

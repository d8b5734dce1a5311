// What a session can be resumed with stays in the daemon: it is in no file in clear, in no log line, in no
// answer and in no core file.
#include "session_fixture.hpp"

#include <sys/resource.h>
#include <sys/wait.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>

namespace tlsmodem::test {
namespace {

struct named_needle {
  std::string name;
  std::string content;
};

// Parts of a secret are secret too.
bool shows_a_part(std::string_view text, std::string_view secret) {
  constexpr std::size_t part = 12;
  for (std::size_t at = 0; at + part <= secret.size(); ++at)
    if (text.find(secret.substr(at, part)) != std::string_view::npos) return true;
  return false;
}

std::string upper(std::string text) {
  for (auto& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

// The secret of the session that s_server prints: the master secret, or the PSK of the ticket of TLS 1.3.
std::string printed_master_key(const std::string& output, std::size_t from) {
  const auto start = output.find("-----BEGIN SSL SESSION PARAMETERS-----", from);
  if (start == std::string::npos) return {};
  BIO* const text = BIO_new_mem_buf(output.data() + start, static_cast<int>(output.size() - start));
  SSL_SESSION* const session = PEM_read_bio_SSL_SESSION(text, nullptr, nullptr, nullptr);
  BIO_free(text);
  if (session == nullptr) return {};
  std::array<unsigned char, SSL_MAX_MASTER_KEY_LENGTH> key{};
  const auto size = SSL_SESSION_get_master_key(session, key.data(), key.size());
  SSL_SESSION_free(session);
  return {reinterpret_cast<const char*>(key.data()), size};
}

class session_secrets : public session_test, public ::testing::WithParamInterface<const char*> {
 protected:
  session_secrets() {
    start_server(server_called(GetParam()));
    relay_.reset();
    server_ = {};
    keylog_ = files_.write_text("keylog", "");
    const bool is_datagram = row_->is_datagram();
    const auto version = is_datagram         ? s_server_version::dtls1_2
                         : row_->is_tls1_3() ? s_server_version::tls1_3
                                             : s_server_version::tls1_2;
    std::shared_ptr<peer> owner(
        new peer(s_server(version, peer_port, {"-cert", server_file_, "-keylogfile", keylog_})));
    const auto* const program = owner.get();
    server_ = {std::move(owner), program};
    if (is_datagram) {
      relay_ = std::make_unique<udp_nat>(relay_port, peer_port);
    } else {
      relay_ = std::make_unique<tcp_relay>(relay_port, peer_port);
    }
  }

  // Of the association that is up now.
  void add_needles() {
    ASSERT_TRUE(eventually([&] {
      const auto output = server_.program->output();
      const auto key = printed_master_key(output, output_read_);
      if (key.empty()) return false;
      output_read_ = output.find("-----END SSL SESSION PARAMETERS-----", output_read_) + 1;
      needles_.push_back({"session", key});
      return true;
    })) << server_.program->output();
    const auto log = read_file(keylog_);
    for (std::size_t at = 0; at < log.size();) {
      const auto end = log.find('\n', at);
      const auto line = log.substr(at, end - at);
      if (!line.starts_with('#')) needles_.push_back({"key log", line.substr(line.rfind(' ') + 1)});
      at = end + 1;
    }
    // The ticket is no secret to the network, but nobody's business on this machine.
    for (const auto& hello : last_trace().hellos) {
      const auto found = hello.extensions.find(extension::session_ticket);
      if (found != hello.extensions.end() && !found->second.empty())
        needles_.push_back({"ticket", std::string(as_text(found->second))});
    }
  }

  void expect_nothing_in(std::string_view text, const std::string& where) const {
    for (const auto& [name, needle] : needles_) {
      EXPECT_FALSE(shows_a_part(text, needle)) << name << " in " << where;
      EXPECT_FALSE(shows_a_part(text, hex_of(needle))) << name << " in " << where;
      EXPECT_FALSE(shows_a_part(text, upper(hex_of(needle)))) << name << " in " << where;
    }
  }

  void look_around() const {
    int files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(daemon_.state_path())) {
      if (!entry.is_regular_file()) continue;
      expect_nothing_in(read_file(entry.path()), entry.path());
      ++files;
    }
    EXPECT_GE(files, 2);  // the store and its key
    expect_nothing_in(daemon_.log(), "the log");
    expect_nothing_in(said_, "what the modem said");
  }

  void listen(test_channel& channel, const std::string& line) {
    for (const auto& item : channel.command(line).lines)
      said_ += item.line + "\n" + std::string(as_text(item.payload)) + "\n";
  }

  std::string keylog_;
  std::size_t output_read_ = 0;
  std::string said_;
  std::vector<named_needle> needles_;
};

TEST_P(session_secrets, are_in_no_file_no_log_and_no_answer) {
  std::string handle;
  for (int round = 0; round < 2; ++round) {
    SCOPED_TRACE(round);
    auto channel = client();
    const auto made = resume(channel, handle);
    handle = made.handle;
    EXPECT_EQ(made.up.how, round);
    add_needles();
    said_ += handle + at::format(made.up);
    for (const auto* line : {"AT#TINFO=1", "AT#TSESS?", "AT#TCFG=0", "AT#TCRED=1", "AT+CEER", "AT#TOPEN?"})
      listen(channel, line);
    flush_store();
    look_around();
    part(channel, made.id);
  }
  ASSERT_GE(needles_.size(), 4U);
  for (const auto& [name, needle] : needles_) EXPECT_GE(needle.size(), 32U) << name;

  flush_store();
  daemon_.restart(SIGKILL);
  look_around();
  daemon_.stop(SIGTERM);
  look_around();
}

// Of TLS up to 1.2: the key log shows the very secret that was looked for.
TEST_P(session_secrets, that_are_looked_for_are_those_of_the_connection) {
  if (row_->is_tls1_3()) GTEST_SKIP() << "the key log of TLS 1.3 has no secret of resumption";
  auto channel = client();
  connect(channel, channel.open());
  add_needles();
  ASSERT_GE(needles_.size(), 2U);
  EXPECT_EQ(upper(hex_of(needles_[0].content)), upper(needles_[1].content));
}

INSTANTIATE_TEST_SUITE_P(versions, session_secrets,
                         ::testing::Values("dtls_certificate_s_server", "tls12_s_server", "tls13_s_server"),
                         [](const auto& made) { return std::string(made.param); });

TEST(session_secret, leaves_no_core_file) {
  running_daemon daemon;
  test_channel(daemon).ok("AT");
  const auto pid = daemon.daemon().pid();
  ASSERT_GT(pid, 0);
  rlimit limit{1, 1};
  ASSERT_EQ(::prlimit(pid, RLIMIT_CORE, nullptr, &limit), 0);
  EXPECT_EQ(limit.rlim_cur, 0U);
  EXPECT_EQ(limit.rlim_max, 0U);
  const auto in_here = [] {
    const std::filesystem::directory_iterator files(".");
    return std::distance(begin(files), end(files));
  };
  const auto before = in_here();
  daemon.daemon().signal(SIGABRT);
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(ended.si_code, CLD_KILLED);  // not CLD_DUMPED
  EXPECT_EQ(ended.si_status, SIGABRT);
  EXPECT_EQ(in_here(), before);
}

}  // namespace
}  // namespace tlsmodem::test

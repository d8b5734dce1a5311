// The daemon is killed at random moments of a busy life, and must find all that it has answered for.
#include "data_fixture.hpp"
#include "protocol/commands/session.hpp"
#include "tests/support/peers.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <openssl/sha.h>

#include <array>
#include <csignal>
#include <iostream>
#include <map>
#include <random>
#include <utility>

namespace tlsmodem::test {
namespace {

// Every round is one kill. Enough that each step of a write (the journal, its sync, the answer) is hit many
// times; sanitizers make a start of the daemon ten times as long.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int rounds = 100;
#else
constexpr int rounds = 1000;
#endif
constexpr int port = 7900;
constexpr int tags = 6;
constexpr int writes_of_round = 30;
constexpr int connects_of_round = 4;

const std::vector<std::string> load_profile = {R"("proto","tls")", R"("verify",0)", R"("resume",3)"};

using place = std::pair<int, int>;              // tag, type
using contents = std::map<place, std::string>;  // what is stored

struct write {
  place where;
  std::optional<std::string> content;  // nothing: deleted
};

void perform(contents& to, const write& what) {
  if (what.content) {
    to[what.where] = *what.content;
  } else {
    to.erase(what.where);
  }
}

std::string line_of(const write& what) {
  const auto where = std::to_string(what.where.first) + "," + std::to_string(what.where.second);
  if (!what.content) return "AT#TCRED=3," + where + "\r";
  return "AT#TCRED=0," + where + "," + std::to_string(what.content->size()) + ",0\r" + *what.content;
}

// As AT#TCRED=1 lists them.
std::vector<std::string> listing(const contents& stored) {
  std::vector<std::string> lines;
  for (const auto& [where, content] : stored) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest.data());
    const std::string text(reinterpret_cast<const char*>(digest.data()), digest.size());
    lines.push_back("#TCRED: " + std::to_string(where.first) + "," + std::to_string(where.second) + ",\"" +
                    hex_of(text) + "\",0");
  }
  return lines;
}

class crash : public ::testing::Test {
 protected:
  crash() {
    const auto server = self_sign({.common_name = "server", .ip = {"127.0.0.1"}});
    nginx_options options;
    options.certificate_file = files_.write("server.pem", server);
    server_.emplace(port, options);
  }

  // What is to be written next, numbered; deletes only what is there then.
  std::vector<write> plan();
  // Connects that offer and leave tickets, none of which is waited for.
  void load_with_connects(test_channel& channel) const;
  // The same connects, waited for: what they leave is of use behind a kill.
  void expect_sessions_of_the_load_to_last();
  // Writes the lines in one go, and kills the daemon at some point of the answers. Returns how many were OK.
  std::size_t play(const std::vector<write>& writes);
  void expect_all_there(const std::vector<write>& writes, std::size_t answered);
  void expect_quiet_log();

  std::size_t random(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below)(random_);
  }

  key_files files_;
  std::optional<nginx> server_;
  running_daemon daemon_{"log-level = info\n"};
  std::mt19937 random_{20240229};
  contents stored_;
  int number_ = 0;
  std::size_t log_read_ = 0;
  std::size_t cut_short_ = 0;  // rounds in which not all was answered
};

std::vector<write> crash::plan() {
  std::vector<write> writes;
  auto then = stored_;
  for (int i = 0; i < writes_of_round; ++i) {
    write one;
    one.where = {static_cast<int>(random(tags - 1)), random(1) == 0 ? 3 : 4};
    const bool is_delete = then.contains(one.where) && random(3) == 0;
    if (!is_delete) one.content = "number " + std::to_string(++number_) + std::string(random(20), '.');
    perform(then, one);
    writes.push_back(std::move(one));
  }
  return writes;
}

void crash::load_with_connects(test_channel& channel) const {
  std::string lines;
  for (const auto& option : load_profile) lines += "AT#TCFG=0," + option + "\r";
  for (int id = 1; id <= connects_of_round; ++id)
    lines += "AT#TOPEN=0\rAT#TCONN=" + std::to_string(id) + ",\"127.0.0.1\"," + std::to_string(port) + "\r";
  if (channel.raw().write(lines, deadline())) throw std::runtime_error("the daemon took no connects");
}

std::size_t count_of(std::string_view text, std::string_view what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size()))
    ++found;
  return found;
}

std::size_t crash::play(const std::vector<write>& writes) {
  constexpr std::string_view ok = "\r\nOK\r\n";
  test_channel connecting(daemon_);
  test_channel channel(daemon_);
  channel.ok("AT#TPROMPT=0");
  load_with_connects(connecting);
  std::string lines;
  for (const auto& each : writes) lines += line_of(each);
  if (channel.raw().write(lines, deadline())) throw std::runtime_error("the daemon took no lines");

  const auto enough = random(writes.size() * ok.size());
  std::string answers;
  const auto read_some = [&](bool may_end) {
    char part[4096];
    pollfd readable{channel.raw().fd(), POLLIN, 0};
    if (::poll(&readable, 1, 60'000) != 1) throw std::runtime_error("no answer");
    const auto size = ::recv(readable.fd, part, sizeof part, 0);
    if (size > 0) answers.append(part, static_cast<std::size_t>(size));
    if (size <= 0 && !may_end) throw std::runtime_error("the daemon ended");
    return size > 0;
  };
  while (answers.size() < enough) read_some(false);
  for (volatile std::size_t turns = random(200'000); turns > 0;) turns = turns - 1;
  daemon_.daemon().signal(SIGKILL);
  if (!daemon_.daemon().wait()) throw std::runtime_error("the daemon does not die");
  while (read_some(true)) {
  }
  const auto answered = count_of(answers, ok);
  EXPECT_EQ(answers.find("ERROR"), std::string::npos) << answers;
  return answered;
}

void crash::expect_all_there(const std::vector<write>& writes, std::size_t answered) {
  for (std::size_t i = 0; i < answered; ++i) perform(stored_, writes[i]);
  if (answered < writes.size()) ++cut_short_;
  test_channel channel(daemon_);
  const auto found = channel.ok("AT#TCRED=1");
  const auto expected = listing(stored_);
  // Answers may have died with the daemon: then more is there than was answered for, in order and whole.
  for (std::size_t next = answered; found != listing(stored_) && next < writes.size(); ++next)
    perform(stored_, writes[next]);
  EXPECT_EQ(found, listing(stored_)) << answered << " of " << writes.size()
                                     << " were answered; after those: " << ::testing::PrintToString(expected);
  for (const auto& line : channel.ok("AT#TSESS?")) EXPECT_TRUE(at::parse_listed_session(line)) << line;
}

void crash::expect_sessions_of_the_load_to_last() {
  {
    test_channel channel(daemon_);
    configure(channel, load_profile);
    for (int i = 0; i < connects_of_round; ++i) channel.connect_up(channel.open(), "127.0.0.1", port);
    EXPECT_TRUE(eventually([&] { return !channel.ok("AT#TSESS?").empty(); }));
    // Answered when it is on the disk, and the disk takes things in order.
    channel.ok("AT#TCRED=0,999,4,1,0", "x");
  }
  daemon_.restart(SIGKILL);
  test_channel channel(daemon_);
  EXPECT_FALSE(channel.ok("AT#TSESS?").empty());
  configure(channel, load_profile);
  EXPECT_EQ(channel.connect_up(channel.open(), "127.0.0.1", port).how, 1);
}

// Since the last look.
void crash::expect_quiet_log() {
  const auto log = daemon_.log();
  const auto fresh = std::string_view(log).substr(log_read_);
  for (const auto* trouble : {"error", "warning", "dropped", "set aside", "damaged"})
    EXPECT_EQ(fresh.find(trouble), std::string_view::npos) << fresh;
  log_read_ = log.size();
}

TEST_F(crash, at_random_moments_loses_nothing_that_was_answered) {
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const auto writes = plan();
    const auto answered = play(writes);
    daemon_.restart(SIGKILL);
    expect_all_there(writes, answered);
    expect_quiet_log();
  }
  std::cout << rounds << " kills, " << cut_short_ << " of them before all was answered, " << number_
            << " contents written\n";
  EXPECT_GT(cut_short_, 0U);
  expect_sessions_of_the_load_to_last();
}

}  // namespace
}  // namespace tlsmodem::test

#include "running_daemon.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

namespace tlsmodem::test {
namespace {

int listen_for_notifications(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path.c_str());
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error(path);
  return fd;
}

client::channel open_channel(const std::string& path) {
  auto opened = client::channel::open(path, deadline());
  if (!opened) throw std::runtime_error(opened.why().text);
  return std::move(*opened);
}

template <typename Value>
Value must(at::result<Value> outcome, const std::string& what) {
  if (!outcome) throw std::runtime_error(what + ": " + outcome.why().text);
  return std::move(*outcome);
}

}  // namespace

bool can_be_connected(const std::string& socket_path) {
  return static_cast<bool>(client::channel::open(socket_path, deadline()));
}

std::string running_daemon::program() { return TLSMODEMD; }

running_daemon::running_daemon(const std::string& config, std::vector<std::string> more_arguments,
                               const std::string& socket_path)
    : socket_path_(socket_path.empty() ? directory_.path("at.sock") : socket_path),
      notify_fd_(listen_for_notifications(directory_.path("notify"))),
      process_([&] {
        write_config(config);
        return start(config.find("log-level") != std::string::npos, more_arguments);
      }()) {
  if (!await_ready()) throw std::runtime_error("tlsmodemd did not start: " + log());
}

process running_daemon::start(bool has_log_level, const std::vector<std::string>& more_arguments) const {
  std::vector<std::string> arguments = {TLSMODEMD,    "--config",    directory_.path("config"), "--listen",
                                        socket_path_, "--state-dir", directory_.path("state")};
  if (!has_log_level) arguments.insert(arguments.end(), {"--log-level", "debug"});
  arguments.insert(arguments.end(), more_arguments.begin(), more_arguments.end());
  return process(arguments, {directory_.path("log"), "", {"NOTIFY_SOCKET=" + directory_.path("notify")}});
}

void running_daemon::stop(int signal) {
  if (!process_.is_running()) return;
  process_.signal(signal);
  if (!process_.wait()) throw std::runtime_error("tlsmodemd did not end: " + log());
}

void running_daemon::restart(int signal, std::vector<std::string> more_arguments) {
  stop(signal);
  // What the old one said to systemd is none of the new one.
  char message[4096];
  while (::recv(notify_fd_, message, sizeof message, MSG_DONTWAIT) >= 0) {
  }
  const bool has_log_level = read_file(directory_.path("config")).find("log-level") != std::string::npos;
  process_ = start(has_log_level, more_arguments);
  if (!await_ready()) throw std::runtime_error("tlsmodemd did not start again: " + log());
}

bool running_daemon::await_ready() {
  const auto limit = deadline();
  while (std::chrono::steady_clock::now() < limit && process_.is_running()) {
    pollfd entry{notify_fd_, POLLIN, 0};
    if (::poll(&entry, 1, 100) <= 0) continue;
    char message[4096];
    const auto size = ::recv(notify_fd_, message, sizeof message, 0);
    if (size > 0 &&
        std::string_view(message, static_cast<std::size_t>(size)).find("READY=1") != std::string_view::npos)
      return true;
  }
  return false;
}

test_channel::test_channel(const running_daemon& daemon) : test_channel(daemon.socket_path()) {}
test_channel::test_channel(const std::string& path) : channel_(open_channel(path)) {}

client::answer test_channel::command(const std::string& line, std::string_view payload) {
  return must(channel_.command(line + "\r" + std::string(payload), deadline()), line);
}

std::vector<std::string> test_channel::ok(const std::string& line, std::string_view payload) {
  const auto answer = command(line, payload);
  if (!answer.is_ok)
    throw std::runtime_error(line + " failed: " + std::to_string(static_cast<int>(answer.code)) + " " +
                             failure_sentence());
  std::vector<std::string> texts;
  for (const auto& item : answer.lines) texts.push_back(item.line);
  return texts;
}

int test_channel::error_of(const std::string& line, std::string_view payload) {
  const auto answer = command(line, payload);
  if (answer.is_ok) return 0;
  return answer.code == at::error::unknown ? -1 : static_cast<int>(answer.code);
}

at::item test_channel::event() { return must(channel_.next_event(deadline()), "next event"); }

at::item test_channel::event(std::string_view name) {
  auto item = event();
  // Tickets come when the server likes.
  while (name != "#TKEY" && item.line.starts_with("#TKEY:")) item = event();
  if (!item.line.starts_with(std::string(name) + ":"))
    throw std::runtime_error("expected " + std::string(name) + ", got " + item.line);
  return item;
}

void test_channel::tcred(int tag, int type, std::string_view content) {
  ok("AT#TCRED=0," + std::to_string(tag) + "," + std::to_string(type) + "," + std::to_string(content.size()) +
         ",1",
     content);
}

int test_channel::open(int profile) {
  const auto lines = ok("AT#TOPEN=" + std::to_string(profile));
  if (lines.size() != 1 || !lines.front().starts_with("#TOPEN: ")) throw std::runtime_error("no #TOPEN line");
  return std::stoi(lines.front().substr(8));
}

at::item test_channel::connect(int id, const std::string& host, int port) {
  ok("AT#TCONN=" + std::to_string(id) + "," + at::quote(host) + "," + std::to_string(port));
  auto item = event();
  while (item.line.starts_with("#TKEY:")) item = event();
  return item;
}

at::up_event test_channel::connect_up(int id, const std::string& host, int port) {
  const auto item = connect(id, host, port);
  return must(at::parse_up(item.line), item.line);
}

at::fail_event test_channel::connect_fail(int id, const std::string& host, int port) {
  const auto item = connect(id, host, port);
  return must(at::parse_fail(item.line), item.line);
}

void test_channel::send(int id, std::string_view payload) {
  ok("AT#TSEND=" + std::to_string(id) + "," + std::to_string(payload.size()), payload);
}

std::string test_channel::receive() {
  const auto item = event("#TRX");
  return std::string(as_text(item.payload));
}

std::string test_channel::info(int id, const std::string& key) {
  const std::string prefix = "#TINFO: " + std::to_string(id) + "," + at::quote(key) + ",";
  for (const auto& line : ok("AT#TINFO=" + std::to_string(id)))
    if (line.starts_with(prefix)) return line.substr(prefix.size());
  return {};
}

std::string test_channel::failure_sentence() {
  const auto answer = command("AT+CEER");
  return answer.lines.empty() ? "" : answer.lines.front().line;
}

}  // namespace tlsmodem::test

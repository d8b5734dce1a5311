#include "process.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace tlsmodem::test {
namespace {

[[noreturn]] void become(const std::vector<std::string>& arguments, const process_options& options,
                         int input_fd, int output_fd) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(input_fd, STDIN_FILENO);
  ::dup2(output_fd, STDOUT_FILENO);
  ::dup2(output_fd, STDERR_FILENO);
  for (const auto& variable : options.environment) ::putenv(const_cast<char*>(variable.c_str()));
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::execvp(argv.front(), argv.data());
  std::perror(argv.front());
  ::_exit(127);
}

struct socket_line {
  std::string status;  // "0A": listens, "01": established
  std::size_t unread_bytes = 0;
};

// The lines of /proc/net/<table> with this local port.
std::vector<socket_line> sockets_of(const char* table, int port) {
  std::ifstream lines(std::string("/proc/net/") + table);
  char wanted[8];
  std::snprintf(wanted, sizeof wanted, ":%04X", static_cast<unsigned>(port));
  std::vector<socket_line> found;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string slot;
    std::string local;
    std::string remote;
    std::string status;
    std::string queues;  // "<sending>:<receiving>", hexadecimal
    words >> slot >> local >> remote >> status >> queues;
    if (!local.ends_with(wanted)) continue;
    found.push_back({status, std::strtoul(queues.c_str() + queues.find(':') + 1, nullptr, 16)});
  }
  return found;
}

bool is_listening(const char* table, int port) {
  const auto found = sockets_of(table, port);
  return std::any_of(found.begin(), found.end(), [](const auto& line) { return line.status == "0A"; });
}

bool write_map(const char* path, const std::string& content) {
  std::ofstream file(path);
  file << content;
  file.close();
  return file.good();
}

}  // namespace

std::chrono::steady_clock::time_point deadline() { return std::chrono::steady_clock::now() + patience; }

bool eventually(const std::function<bool()>& condition) {
  const auto limit = deadline();
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) return false;
    ::poll(nullptr, 0, 2);  // the condition is another process's state: there is nothing to be woken by
  }
  return true;
}

temporary_directory::temporary_directory() {
  std::string pattern = std::filesystem::temp_directory_path() / "tlsmodem-test-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = pattern;
}

temporary_directory::~temporary_directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::string& path, std::size_t from) {
  std::ifstream file(path, std::ios::binary);
  if (from > 0) file.seekg(static_cast<std::streamoff>(from));
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, std::string_view content) {
  std::ofstream file(path, std::ios::binary);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
}

process::process(std::vector<std::string> arguments, const process_options& options) {
  int input[2];
  if (::pipe2(input, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  const std::string output = options.output.empty() ? "/dev/null" : options.output;
  const int output_fd = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  pid_ = ::fork();
  if (pid_ == 0) become(arguments, options, input[0], output_fd);
  ::close(input[0]);
  ::close(output_fd);
  input_fd_ = input[1];
  if (pid_ < 0) throw std::runtime_error("fork");
  write_input(options.input);
}

process::~process() {
  close_input();
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

process::process(process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), input_fd_(std::exchange(other.input_fd_, -1)) {}

process& process::operator=(process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(input_fd_, other.input_fd_);
  return *this;
}

// kill(2) takes -1, which is what an ended process leaves here, for every process there is.
void process::signal(int number) const {
  if (pid_ <= 0) throw std::logic_error("a signal for a process that has ended");
  ::kill(pid_, number);
}

void process::pause() const {
  signal(SIGSTOP);
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WSTOPPED) != 0) throw std::runtime_error("waitid");
}

void process::write_input(std::string_view data) const {
  while (!data.empty()) {
    const auto written = ::write(input_fd_, data.data(), data.size());
    if (written <= 0) return;
    data.remove_prefix(static_cast<std::size_t>(written));
  }
}

void process::close_input() {
  if (input_fd_ >= 0) ::close(std::exchange(input_fd_, -1));
}

std::optional<int> process::wait() {
  int status = 0;
  if (!eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; })) return std::nullopt;
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool process::is_running() {
  if (pid_ <= 0) return false;
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

bool enter_private_network() {
  const auto uid = ::getuid();
  const auto gid = ::getgid();
  if (::unshare(CLONE_NEWNET) != 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
    write_map("/proc/self/setgroups", "deny");
    if (!write_map("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1")) return false;
    if (!write_map("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1")) return false;
  }
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING;
  const bool is_up = ::ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  ::close(fd);
  return is_up;
}

bool is_udp_port_bound(int port) {
  return !sockets_of("udp", port).empty() || !sockets_of("udp6", port).empty();
}

bool is_tcp_port_listening(int port) { return is_listening("tcp", port) || is_listening("tcp6", port); }

std::size_t unread_tcp_bytes(int port) {
  std::size_t sum = 0;
  for (const auto& line : sockets_of("tcp", port))
    if (line.status == "01") sum += line.unread_bytes;
  return sum;
}

int count_open_fds(pid_t pid) {
  const std::filesystem::directory_iterator entries("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<int>(std::distance(begin(entries), end(entries)));
}

long resident_kib(pid_t pid) {
  std::ifstream lines("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("VmRSS:")) return std::strtol(line.c_str() + 6, nullptr, 10);
  return -1;
}

}  // namespace tlsmodem::test

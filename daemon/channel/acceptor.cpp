#include "acceptor.hpp"

#include "daemon/support/log.hpp"
#include "daemon/support/unique_fd.hpp"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/error.hpp>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace tlsmodem {
namespace {

using boost::system::error_code;

constexpr int backlog = 256;
// Without file descriptors an accept loop would spin; the clients wait in the backlog meanwhile.
constexpr std::chrono::milliseconds shortage_pause{100};

at::failure system_failure(const std::string& what, int number) {
  return {at::error::internal, what + ": " + std::strerror(number) + "."};
}

bool fill_address(sockaddr_un& address, const std::string& path) {
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return true;
}

// Removes a socket file that nobody listens on.
std::optional<at::failure> remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0)
    return errno == ENOENT ? std::nullopt : std::optional(system_failure(path, errno));
  if (!S_ISSOCK(status.st_mode))
    return at::failure{at::error::internal, path + " exists and is not a socket."};
  const unique_fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int outcome = ::connect(probe.value(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (outcome == 0 || errno == EAGAIN)
    return at::failure{at::error::address_in_use, "Another process listens on " + path + "."};
  if (errno != ECONNREFUSED) return system_failure(path, errno);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_failure(path, errno);
  return std::nullopt;
}

// -1, which chown(2) takes for no change, for no name.
at::result<gid_t> id_of_group(const std::string& group) {
  if (group.empty()) return static_cast<gid_t>(-1);
  const auto* entry = ::getgrnam(group.c_str());
  if (entry == nullptr) return {at::error::not_found, "There is no group " + group + "."};
  return entry->gr_gid;
}

}  // namespace

at::result<std::unique_ptr<acceptor>> acceptor::listen(boost::asio::io_context& io, const std::string& path,
                                                       std::uint32_t mode, const std::string& group) {
  sockaddr_un address{};
  if (!fill_address(address, path))
    return {at::error::incorrect_parameters, "The socket path " + path + " is empty or too long."};
  // A directory service may take its time, and who waits for the path connects as soon as it is there.
  const auto group_id = id_of_group(group);
  if (!group_id) return group_id.why();
  if (auto wrong = remove_stale(path, address)) return std::move(*wrong);
  unique_fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return system_failure("socket", errno);
  if (::bind(fd.value(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return system_failure("Cannot make " + path, errno);
  // Before listen() nobody can connect, so mode and group are right from the first client on.
  if (::chmod(path.c_str(), mode) != 0) return system_failure(path, errno);
  if (*group_id != static_cast<gid_t>(-1) && ::chown(path.c_str(), static_cast<uid_t>(-1), *group_id) != 0)
    return system_failure(path, errno);
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return system_failure(path, errno);
  if (::listen(fd.value(), backlog) != 0) return system_failure(path, errno);
  auto made = adopt(io, fd.release());
  if (!made) return made;
  (*made)->path_ = path;
  (*made)->device_ = status.st_dev;
  (*made)->inode_ = status.st_ino;
  return made;
}

at::result<std::unique_ptr<acceptor>> acceptor::adopt(boost::asio::io_context& io, int fd) {
  std::unique_ptr<acceptor> made(new acceptor(io));
  error_code error;
  made->listener_.assign(protocol(), fd, error);
  if (error) {
    ::close(fd);
    return {at::error::internal, "The listening socket cannot be used: " + error.message() + "."};
  }
  return made;
}

acceptor::~acceptor() { stop(); }

void acceptor::start(accept_handler on_accept) {
  on_accept_ = std::move(on_accept);
  accept_next();
}

void acceptor::stop() {
  if (!listener_.is_open()) return;
  error_code ignored;
  back_off_.cancel();
  remove_file();
  listener_.close(ignored);
}

// Another daemon may have taken the path. While our socket is open, no other file gets its inode.
void acceptor::remove_file() const {
  struct stat status {};
  if (path_.empty() || ::lstat(path_.c_str(), &status) != 0) return;
  if (status.st_dev == device_ && status.st_ino == inode_) ::unlink(path_.c_str());
}

void acceptor::accept_next() {
  listener_.async_accept([this](const error_code& error, protocol::socket connection) {
    if (error == boost::asio::error::operation_aborted) return;
    if (!error) {
      is_shortage_told_ = false;
      on_accept_(std::move(connection));
    } else if (error != boost::asio::error::connection_aborted) {
      wait_out_shortage(error);
      return;
    }
    if (listener_.is_open()) accept_next();
  });
}

void acceptor::wait_out_shortage(const error_code& shortage) {
  if (!std::exchange(is_shortage_told_, true))
    log(level::warning, "no channel can be accepted for now", {{"error", shortage.message()}});
  back_off_.expires_after(shortage_pause);
  back_off_.async_wait([this](const error_code& cancelled) {
    if (!cancelled) accept_next();
  });
}

}  // namespace tlsmodem

#include "other_user.hpp"

#include "running_daemon.hpp"

#include <unistd.h>

#include <filesystem>
#include <stdexcept>

namespace tlsmodem::test {
namespace {

std::vector<std::string> as_user(uid_t user, const std::vector<std::string>& command) {
  std::vector<std::string> arguments = {"setpriv", "--reuid=" + std::to_string(user), "--clear-groups"};
  arguments.insert(arguments.end(), command.begin(), command.end());
  return arguments;
}

}  // namespace

std::optional<uid_t> unused_user() {
  // Below 65,536, so that a container's user namespace has it; apart from tests that run beside this one.
  const auto user = static_cast<uid_t>(20'000 + ::getpid() % 40'000);
  if (::getuid() != 0 || process(as_user(user, {"true"})).wait() != 0) return std::nullopt;
  return user;
}

daemon_of_another_user::daemon_of_another_user(uid_t user, const std::vector<std::string>& launcher)
    : process_(start(user, launcher)) {
  const bool is_up = eventually([&] { return !process_.is_running() || can_be_connected(socket_path_); });
  if (!is_up || !process_.is_running())
    throw std::runtime_error("tlsmodemd did not start: " + read_file(directory_.path("log")));
}

process daemon_of_another_user::start(uid_t user, const std::vector<std::string>& launcher) const {
  if (::chown(directory_.path().c_str(), user, user) != 0) throw std::runtime_error("chown");
  // The tree may lie where only root may look.
  const auto program = directory_.path("tlsmodemd");
  std::filesystem::copy_file(running_daemon::program(), program);
  auto command = launcher;
  for (const auto& argument :
       {program, std::string("--config"), std::string("/dev/null"), std::string("--listen"), socket_path_,
        std::string("--state-dir"), directory_.path("state")})
    command.push_back(argument);
  return process(as_user(user, command), {directory_.path("log"), "", {}});
}

}  // namespace tlsmodem::test

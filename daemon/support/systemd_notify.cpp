#include "systemd_notify.hpp"

#include "log.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <time.h>

#include <systemd/sd-daemon.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace tlsmodem::systemd {
namespace {

void notify(const std::string& message) {
  const int sent = sd_notify(0, message.c_str());
  if (sent < 0) {
    log(level::warning, "systemd was not told", {{"message", message}, {"error", std::strerror(-sent)}});
  }
}

// A line end in the status would start another assignment.
std::string status_line(std::string_view status) { return "STATUS=" + escaped(status); }

std::uint64_t monotonic_usec() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec) / 1000U;
}

// sd_listen_fds_with_names(3): an array of allocated strings, all the caller's.
std::vector<std::string> take_names(char** names) {
  std::vector<std::string> taken;
  for (char** name = names; name != nullptr && *name != nullptr; ++name) {
    taken.emplace_back(*name);
    std::free(*name);
  }
  std::free(names);
  return taken;
}

bool is_unix_listener(int descriptor) {
  return sd_is_socket_unix(descriptor, SOCK_STREAM, 1, nullptr, 0) > 0;
}

}  // namespace

void notify_ready(std::string_view status) { notify("READY=1\n" + status_line(status)); }

void notify_reloading() { notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_usec())); }

void notify_stopping(std::string_view status) { notify("STOPPING=1\n" + status_line(status)); }

void notify_status(std::string_view status) { notify(status_line(status)); }

void notify_watchdog() { notify("WATCHDOG=1"); }

std::optional<std::chrono::microseconds> watchdog_interval() {
  std::uint64_t period_usec = 0;
  if (sd_watchdog_enabled(0, &period_usec) <= 0) {
    return std::nullopt;
  }
  return std::chrono::microseconds(period_usec / 2);
}

std::vector<inherited_listener> inherited_listeners() {
  char** raw_names = nullptr;
  const int count = sd_listen_fds_with_names(1, &raw_names);
  std::vector<std::string> names = take_names(raw_names);
  if (count < 0) {
    log(level::error, "sockets passed by systemd are unusable", {{"error", std::strerror(-count)}});
    return {};
  }
  names.resize(static_cast<std::size_t>(count));
  std::vector<inherited_listener> listeners;
  for (int index = 0; index < count; ++index) {
    unique_fd descriptor(SD_LISTEN_FDS_START + index);
    std::string& name = names[static_cast<std::size_t>(index)];
    if (!is_unix_listener(descriptor.value()) || ::fcntl(descriptor.value(), F_SETFD, FD_CLOEXEC) != 0) {
      log(level::warning, "closed a passed descriptor that is no listening Unix stream socket",
          {{"descriptor", descriptor.value()}, {"name", name}});
      continue;
    }
    listeners.push_back({std::move(descriptor), std::move(name)});
  }
  return listeners;
}

}  // namespace tlsmodem::systemd

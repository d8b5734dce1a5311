// What the daemon and systemd tell each other: state by sd_notify(3), listening sockets by sd_listen_fds(3).
//
// Every function does nothing, successfully, when the daemon was not started by systemd.
#pragma once

#include "unique_fd.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem::systemd {

// Start-up or a reload is finished; `status` is the line that systemctl status shows. After a reload that
// failed it is called too, with the reason as status: the old settings are ready.
void notify_ready(std::string_view status);

// A reload begins. State and time go in one message, as Type=notify-reload of systemd 253 and later demands.
void notify_reloading();

void notify_stopping(std::string_view status);
void notify_status(std::string_view status);

// "I am alive"; to be sent each watchdog_interval() from the thread whose stall shall be noticed.
void notify_watchdog();

// Half of WatchdogSec=, nothing when there is no watchdog.
std::optional<std::chrono::microseconds> watchdog_interval();

struct inherited_listener {
  unique_fd descriptor;
  std::string name;  // FileDescriptorName= of the socket unit
};

// The listening Unix stream sockets that systemd passed, all close-on-exec. Whatever else was passed is
// closed and logged. To be called once, at start-up and before threads: it takes the variables out of the
// environment.
std::vector<inherited_listener> inherited_listeners();

}  // namespace tlsmodem::systemd

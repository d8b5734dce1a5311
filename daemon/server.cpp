#include "server.hpp"

#include "support/log.hpp"
#include "support/systemd_notify.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace tlsmodem {
namespace {

using boost::system::error_code;

constexpr int exit_cannot_start = 1;
constexpr std::chrono::milliseconds reload_gathering{20};

}  // namespace

server::server(command_line invocation, const settings& config)
    : invocation_(std::move(invocation)),
      resolver_(io_, config.resolver_threads),
      services_{io_, resolver_, config, make_profiles(config)},
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      reload_timer_(io_),
      watchdog_timer_(io_) {}

int server::run() {
  auto wrong = prepare_state_directory();
  if (!wrong) wrong = open_listeners();
  if (wrong) {
    log(level::error, wrong->text);
    return exit_cannot_start;
  }
  await_signal();
  for (const auto& listener : listeners_)
    listener->start([this](acceptor::protocol::socket connection) { on_accept(std::move(connection)); });
  feed_watchdog();
  systemd::notify_ready("Accepting channels");
  log(level::notice, "ready", {{"listeners", listeners_.size()}});
  while (!is_stopping_ && io_.run_one() > 0) {
  }
  finish_stopping();
  log(level::notice, "stopped");
  return exit_success;
}

std::optional<at::failure> server::prepare_state_directory() const {
  const auto& path = services_.config.state_dir;
  if (::mkdir(path.c_str(), 0700) == 0) return std::nullopt;
  const int number = errno;
  struct stat status {};
  if (number == EEXIST && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return std::nullopt;
  return at::failure{at::error::store_unavailable,
                     "The state directory " + path + " cannot be used: " + std::strerror(number) + "."};
}

std::optional<at::failure> server::open_listeners() {
  for (auto& inherited : systemd::inherited_listeners()) {
    auto adopted = acceptor::adopt(io_, inherited.descriptor.release());
    if (!adopted) return adopted.why();
    listeners_.push_back(std::move(*adopted));
  }
  if (!listeners_.empty()) return std::nullopt;
  const auto& config = services_.config;
  auto own = acceptor::listen(io_, config.listen, config.socket_mode, config.socket_group);
  if (!own) return own.why();
  listeners_.push_back(std::move(*own));
  return std::nullopt;
}

void server::on_accept(acceptor::protocol::socket connection) {
  const auto peer = peer_identity_of(connection.native_handle());
  if (!peer || !may_open_channel(*peer)) {
    log(level::warning, "channel refused: too many",
        {{"uid", peer ? peer->user : static_cast<uid_t>(-1)}, {"channels", channels_.size()}});
    error_code ignored;
    connection.non_blocking(true, ignored);
    connection.write_some(boost::asio::buffer("\r\n+CME ERROR: 815\r\n", 19), ignored);
    return;
  }
  const auto number = ++channels_so_far_;
  const auto opened = std::make_shared<channel>(number, std::move(connection), *peer, services_,
                                                [this](std::uint64_t ended) { channels_.erase(ended); });
  channels_.emplace(number, opened);
  opened->start();
}

bool server::may_open_channel(const peer_identity& peer) const {
  const auto& config = services_.config;
  const auto of_user = std::count_if(channels_.begin(), channels_.end(), [&](const auto& entry) {
    return entry.second->peer().user == peer.user;
  });
  return !is_stopping_ && channels_.size() < config.max_channels && of_user < config.max_channels_per_user;
}

void server::await_signal() {
  signals_.async_wait([this](const error_code& error, int number) {
    if (error) return;
    if (number == SIGHUP) {
      reload_soon();
    } else {
      stop();
    }
    if (!is_stopping_) await_signal();
  });
}

// A storm of signals is one reload, and one message to systemd, which would block us when it does not read.
void server::reload_soon() {
  if (std::exchange(is_reload_due_, true)) return;
  reload_timer_.expires_after(reload_gathering);
  reload_timer_.async_wait([this](const error_code& cancelled) {
    is_reload_due_ = false;
    if (!cancelled) reload();
  });
}

void server::reload() {
  systemd::notify_reloading();
  const auto loaded = load(invocation_, validate_profile_option);
  if (!loaded) {
    log(level::error, "the settings stay as they were", {{"reason", loaded.why().text}});
    systemd::notify_ready("Reload failed: " + loaded.why().text);
    return;
  }
  const auto changes = compare(services_.config, *loaded);
  for (const auto& key : changes.needs_restart)
    log(level::warning, "a change needs a restart", {{"key", key}});
  for (const auto& key : changes.reloadable) log(level::notice, "changed", {{"key", key}});
  apply_reloadable(services_.config, *loaded);
  services_.profiles = make_profiles(services_.config);
  set_log_level(services_.config.log_level);
  systemd::notify_ready("Accepting channels");
}

void server::stop() {
  is_stopping_ = true;
  systemd::notify_stopping("Closing channels");
  log(level::notice, "stopping", {{"channels", channels_.size()}});
  for (const auto& listener : listeners_) listener->stop();
  reload_timer_.cancel();
  watchdog_timer_.cancel();
  stop_limit_ = std::chrono::steady_clock::now() + services_.config.stop_timeout;
  for (const auto& [number, open] : std::map(channels_)) open->stop();
}

// Until clients and peers have read their last words, or for as long as they may take.
void server::finish_stopping() {
  io_.run_until(stop_limit_);
  if (!channels_.empty())
    log(level::warning, "clients did not read their last words in time", {{"channels", channels_.size()}});
  // Their handlers still hold them: they must not end after what they use.
  for (const auto& [number, open] : std::map(channels_)) open->end();
}

void server::feed_watchdog() {
  const auto interval = systemd::watchdog_interval();
  if (!interval) return;
  watchdog_timer_.expires_after(*interval);
  watchdog_timer_.async_wait([this](const error_code& cancelled) {
    if (cancelled) return;
    systemd::notify_watchdog();
    feed_watchdog();
  });
}

}  // namespace tlsmodem

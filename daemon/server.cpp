#include "server.hpp"

#include "commands/configured_credentials.hpp"
#include "support/log.hpp"
#include "support/systemd_notify.hpp"
#include "tls/self_test.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace tlsmodem {
namespace {

using boost::system::error_code;

constexpr int exit_cannot_start = 1;
constexpr std::chrono::milliseconds reload_gathering{20};
constexpr std::string_view accepting = "Accepting channels";

std::optional<std::string> key_file_of(const settings& config) {
  if (config.store_key.empty()) return std::nullopt;
  return config.store_key;
}

session_store::limits session_limits(const settings& config) {
  return {config.max_sessions_per_user, std::chrono::seconds(config.session_lifetime_seconds),
          config.resume_without_ems};
}

association_store::limits association_limits(const settings& config) {
  return {config.max_sessions_per_user, std::chrono::seconds(config.association_lifetime_seconds),
          !config.associations_across_boots};
}

std::chrono::sys_seconds wall_clock() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

}  // namespace

server::server(command_line invocation, const settings& config, credential_set configured)
    : invocation_(std::move(invocation)),
      resolver_(io_, config.resolver_threads),
      store_(io_, config.state_dir, key_file_of(config)),
      credentials_(io_, store_, std::move(configured)),
      sessions_(session_limits(config), wall_clock),
      associations_(association_limits(config), wall_clock),
      session_writer_(io_, store_, sessions_),
      association_writer_(io_, store_, associations_),
      services_{io_,           resolver_,
                credentials_,  sessions_,
                associations_, pkcs11::tokens::make({config.pkcs11_module, config.pkcs11_pin_file}),
                config,        *make_profiles(config)},
      signals_(io_, SIGTERM, SIGINT, SIGHUP),
      reload_timer_(io_),
      watchdog_timer_(io_) {}

int server::run() {
  if (const auto& refused = tls::datagrams_refused()) log(level::error, *refused);
  auto wrong = start_store();
  if (!wrong) wrong = open_listeners();
  if (wrong) {
    log(level::error, wrong->text);
    return exit_cannot_start;
  }
  await_signal();
  for (const auto& listener : listeners_)
    listener->start([this](acceptor::protocol::socket connection) { on_accept(std::move(connection)); });
  feed_watchdog();
  systemd::notify_ready(told_status_ = status());
  log(level::notice, "ready", {{"listeners", listeners_.size()}});
  while (!is_stopping_ && io_.run_one() > 0) {
  }
  finish_stopping();
  session_writer_.finish();
  association_writer_.finish();
  store_.stop();
  log(level::notice, "stopped");
  return exit_success;
}

std::optional<at::failure> server::start_store() {
  store_.on_reopened([this](const store::opening& opened) {
    hand_over(opened);
    tell_status();
  });
  const auto opened = store_.start();
  if (!opened) return opened.why();
  counters_.emplace(services_.config.state_dir, counter_file::this_boot());
  if (!counters_->trouble().empty())
    log(level::warning, "live associations will lose some numbers by a crash",
        {{"reason", counters_->trouble()}});
  anchor_.emplace(services_.config.state_dir, *counters_);
  associations_.attach(&*counters_, &*anchor_);
  hand_over(*opened);
  return std::nullopt;
}

// Each table goes to its owner, which keeps its rows in memory from here on.
void server::hand_over(const store::opening& opened) {
  credentials_.load(opened.rows);
  credentials_.on_reopened(opened.is_new);
  session_writer_.load(opened);
  association_writer_.load(opened);
}

// Without a working store the daemon serves from memory, and says so.
std::string server::status() const {
  std::string text(accepting);
  if (!store_.trouble().empty()) text += "; nothing is stored: " + store_.trouble();
  if (const auto& refused = tls::datagrams_refused()) text += "; " + *refused;
  return text;
}

void server::tell_status() {
  const bool was_ours = told_status_.starts_with(accepting);  // a failed reload stays to be seen
  if (was_ours && told_status_ != status()) systemd::notify_status(told_status_ = status());
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
  if (!loaded) return refuse_reload(loaded.why().text);
  auto configured = load_configured_credentials(*loaded);
  if (!configured) return refuse_reload(configured.why().text);
  auto profiles = make_profiles(*loaded);
  if (!profiles) return refuse_reload(profiles.why().text);
  const auto changes = compare(services_.config, *loaded);
  for (const auto& key : changes.needs_restart)
    log(level::warning, "a change needs a restart", {{"key", key}});
  for (const auto& key : changes.reloadable) log(level::notice, "changed", {{"key", key}});
  apply_reloadable(services_.config, *loaded);
  sessions_.set_limits(session_limits(services_.config));
  associations_.set_limits(association_limits(services_.config));
  services_.profiles = std::move(*profiles);
  credentials_.configure(std::move(*configured));
  set_log_level(services_.config.log_level);
  systemd::notify_ready(told_status_ = status());
}

void server::refuse_reload(const std::string& reason) {
  log(level::error, "the settings stay as they were", {{"reason", reason}});
  systemd::notify_ready(told_status_ = "Reload failed: " + reason);
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
    tell_status();
    feed_watchdog();
  });
}

}  // namespace tlsmodem

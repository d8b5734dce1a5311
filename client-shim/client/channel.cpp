#include "channel.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tlsmodem::client {
namespace {

at::failure timed_out() { return {at::error::handshake_timeout, "The modem did not answer in time."}; }
at::failure gone() { return {at::error::connection_reset, "The modem closed the channel."}; }

at::failure system_failure(const std::string& path, int number) {
  const auto code =
      number == EACCES || number == EPERM ? at::error::permission_denied : at::error::unreachable;
  return {code, path + ": " + std::strerror(number) + "."};
}

// Until the deadline, rounded up: waking early would only mean waiting again.
int milliseconds_until(time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 0x7fffffff));
}

constexpr int between_attempts_ms = 20;
// It lies on the stack of every call that reads, and a device's threads may have 128 KiB of it.
constexpr std::size_t read_bytes = std::size_t{16} * 1024;

}  // namespace

bool pause_before_next_attempt(time_point deadline) {
  const int pause = std::min(between_attempts_ms, milliseconds_until(deadline));
  if (pause == 0) return false;
  ::poll(nullptr, 0, pause);
  return true;
}

at::result<channel> channel::open(const std::string& path, time_point deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return system_failure(path, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  channel made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (made.fd_ < 0) return system_failure(path, errno);
  // A full accept queue answers EAGAIN, and poll() cannot wait for room in it: try again in small steps.
  while (::connect(made.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno != EAGAIN && errno != EINTR) return system_failure(path, errno);
    if (milliseconds_until(deadline) == 0) return timed_out();
    ::poll(nullptr, 0, std::min(10, milliseconds_until(deadline)));
  }
  return made;
}

channel::channel(channel&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      rest_(std::move(other.rest_)),
      is_begun_(other.is_begun_),
      late_answers_(other.late_answers_),
      machine_(std::move(other.machine_)),
      items_(std::move(other.items_)),
      events_(std::move(other.events_)) {}

channel& channel::operator=(channel&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(rest_, other.rest_);
  std::swap(is_begun_, other.is_begun_);
  std::swap(late_answers_, other.late_answers_);
  std::swap(machine_, other.machine_);
  std::swap(items_, other.items_);
  std::swap(events_, other.events_);
  return *this;
}

channel::~channel() {
  if (fd_ >= 0) ::close(fd_);
}

std::optional<at::failure> channel::wait(short events, time_point deadline) const {
  pollfd entry{fd_, events, 0};
  for (;;) {
    const int ready = ::poll(&entry, 1, milliseconds_until(deadline));
    if (ready > 0) return std::nullopt;
    if (ready == 0 && milliseconds_until(deadline) == 0) return timed_out();
    if (ready < 0 && errno != EINTR) return gone();
  }
}

std::optional<at::failure> channel::write(std::string_view data, time_point deadline) {
  is_begun_ = false;
  std::string_view before(rest_.data(), rest_.size());
  auto wrong = push(before, deadline);
  rest_.erase(0, rest_.size() - before.size());
  if (wrong) return wrong;
  const auto whole = data.size();
  wrong = push(data, deadline);
  is_begun_ = data.size() < whole;
  if (wrong && is_begun_) rest_.assign(data.data(), data.size());
  return wrong;
}

// Takes from `data` what has gone out.
std::optional<at::failure> channel::push(std::string_view& data, time_point deadline) {
  while (!data.empty()) {
    const auto sent = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      data.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return gone();
    if (auto wrong = wait(POLLIN | POLLOUT, deadline)) return wrong;
    if (auto wrong = receive_some()) return wrong;
  }
  return std::nullopt;
}

std::optional<at::failure> channel::receive_some() {
  std::array<char, read_bytes> buffer;
  const auto size = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  if (size <= 0) return gone();
  machine_.feed({buffer.data(), static_cast<std::size_t>(size)});
  while (auto item = machine_.next()) items_.push_back(std::move(*item));
  return std::nullopt;
}

std::optional<at::failure> channel::fill(time_point deadline) {
  while (items_.empty()) {
    if (auto wrong = wait(POLLIN, deadline)) return wrong;
    if (auto wrong = receive_some()) return wrong;
  }
  return std::nullopt;
}

at::result<at::item> channel::read_item(time_point deadline) {
  if (auto wrong = fill(deadline)) return std::move(*wrong);
  auto first = std::move(items_.front());
  items_.pop_front();
  if (first.is == at::item::kind::malformed)
    return {at::error::internal, "The modem's answer cannot be understood; the channel is out of step."};
  return first;
}

at::result<answer> channel::command(std::string_view line, time_point deadline) {
  auto wrong = write(line, deadline);
  if (wrong && wrong->code != at::error::connection_reset) {
    if (is_begun_) ++late_answers_;
    return std::move(*wrong);
  }
  return finish_command(deadline);  // a channel that has ended may have said why
}

// The answer of an earlier command ends here, and it is nothing to the caller.
bool channel::ends_late_answer(const at::item& last) {
  if (late_answers_ == 0 || (last.is != at::item::kind::ok && last.is != at::item::kind::failed))
    return false;
  --late_answers_;
  return true;
}

at::result<answer> channel::finish_command(time_point deadline) {
  answer collected;
  for (;;) {
    auto next = read_item(deadline);
    if (!next) {
      ++late_answers_;
      return next.why();
    }
    if (ends_late_answer(*next)) {
      collected.lines.clear();
      continue;
    }
    switch (next->is) {
      case at::item::kind::ok:
        collected.is_ok = true;
        return collected;
      case at::item::kind::failed:
        collected.code = next->code;
        return collected;
      case at::item::kind::event:
        events_.push_back(std::move(*next));
        break;
      case at::item::kind::information:
        collected.lines.push_back(std::move(*next));
        break;
      default:
        break;
    }
  }
}

at::result<at::item> channel::next_event(time_point deadline) {
  if (!events_.empty()) {
    auto first = std::move(events_.front());
    events_.pop_front();
    return first;
  }
  for (;;) {
    auto next = read_item(deadline);
    if (!next || next->is == at::item::kind::event) return next;
    ends_late_answer(*next);
  }
}

}  // namespace tlsmodem::client

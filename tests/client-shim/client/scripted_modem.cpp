#include "scripted_modem.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace tlsmodem::test {
namespace {

// The commands of a line: between its semicolons, but not those in strings.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> all(1);
  bool is_quoted = false;
  for (const char c : text) {
    if (c == '"') is_quoted = !is_quoted;
    if (c == ';' && !is_quoted) {
      all.emplace_back();
    } else {
      all.back() += c;
    }
  }
  return all;
}

// Of the number at this place, 0 being the first behind "=".
std::size_t number_at(std::string_view text, int place) {
  auto position = text.find('=') + 1;
  for (; place > 0; --place) position = text.find(',', position) + 1;
  return std::stoul(std::string(text.substr(position)));
}

// Bytes that follow the line.
std::size_t payload_size(std::string_view text) {
  if (text.starts_with("AT#TCRED=0,")) return number_at(text, 3);
  if (text.starts_with("AT#TSEND=")) return number_at(text, 1);
  return 0;
}

// AT#TSEND with its flag "quiet".
bool is_quiet(std::string_view command) {
  return command.starts_with("#TSEND=") && std::ranges::count(command, ',') == 2 && command.ends_with(",1");
}

}  // namespace

std::string received(std::string_view payload) {
  return line(at::format(at::received_event{1, payload.size(), false})) + std::string(payload) + "\r\n";
}

scripted_modem::scripted_modem(std::vector<table> tables, std::string path)
    : path_(path.empty() ? directory_.path("at.sock") : std::move(path)), tables_(std::move(tables)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto& name = path_;
  if (name.size() >= sizeof address.sun_path) throw std::runtime_error("the path is too long");
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 8) != 0)
    throw std::runtime_error("cannot listen on " + name);
  thread_ = std::thread([this] { run(); });
}

scripted_modem::~scripted_modem() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
    if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);  // ends accept()
  thread_.join();
  ::close(listener_);
}

void scripted_modem::run() {
  for (;;) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    if (refuses(fd)) {
      ::close(fd);
      continue;
    }
    {
      const std::lock_guard lock(mutex_);
      fd_ = is_over_ ? -1 : fd;
      commands_.emplace_back();
      lines_ = 0;
    }
    if (!dies_unread(fd)) serve(fd);
    const std::lock_guard lock(mutex_);
    fd_ = -1;
    ::close(fd);
    if (is_over_) return;
  }
}

bool scripted_modem::refuses(int fd) {
  const std::lock_guard lock(mutex_);
  if (refusals_ == 0) return false;
  --refusals_;
  const auto said = line("+CME ERROR: 815");
  return ::send(fd, said.data(), said.size(), MSG_NOSIGNAL) > 0;
}

// Once there is something that it does not read.
bool scripted_modem::dies_unread(int fd) {
  {
    const std::lock_guard lock(mutex_);
    has_died_ = has_died_ ||
                (death_ && death_->after == last_words::unread && death_->channel + 1 == commands_.size());
    if (!has_died_ || death_->channel + 1 != commands_.size()) return false;
  }
  pollfd entry{fd, POLLIN, 0};
  ::poll(&entry, 1, -1);
  return true;
}

void scripted_modem::serve(int fd) {
  is_channel_over_ = false;
  std::string input;
  std::array<char, 4096> piece;
  for (;;) {
    while (take(input)) {
    }
    if (is_channel_over_) return;
    const auto size = ::recv(fd, piece.data(), piece.size(), 0);
    if (size <= 0) return;
    input.append(piece.data(), static_cast<std::size_t>(size));
  }
}

// A whole line with its payload; false when there is none yet.
bool scripted_modem::take(std::string& input) {
  const auto end = input.find('\r');
  if (is_channel_over_) return false;
  if (end == std::string::npos) return false;
  const auto text = input.substr(0, end);
  const auto size = payload_size(text);
  if (input.size() < end + 1 + size) return false;
  obey(text, input.substr(end + 1, size));
  input.erase(0, end + 1 + size);
  return true;
}

// With the mutex. The last ones of this modem.
void scripted_modem::say_last_words(const std::string& answer, const std::string& then) {
  constexpr std::size_t half = 6;
  switch (death_->after) {
    case last_words::unread:
    case last_words::none:
      break;
    case last_words::half_answer:
      write(answer.substr(0, answer.size() - half));
      break;
    case last_words::answer:
      write(answer);
      break;
    case last_words::half_event:
      write(answer);
      write(then.substr(0, half));
      break;
  }
}

void scripted_modem::obey(std::string_view text, const std::string& payload) {
  const std::lock_guard lock(mutex_);
  const auto& rules = tables_[std::min(commands_.size(), tables_.size()) - 1];
  std::string said;
  std::string then;
  int error = 0;
  bool is_silent = false;
  bool hangs_up = false;
  for (const auto& command : split(text.substr(std::strlen("AT")))) {
    commands_.back().push_back(command + (payload.empty() ? "" : "|" + payload));
    is_silent = is_quiet(command);
    if (!held_until_.empty() && command.starts_with(held_until_)) held_until_.clear();
    const auto found =
        std::ranges::find_if(rules, [&](const rule& one) { return command.starts_with(one.command); });
    if (found == rules.end()) continue;
    said += found->lines;
    then += found->then;
    hangs_up = hangs_up || found->hangs_up;
    error = found->error;
    if (error != 0) break;
  }
  if (!is_silent) said += line(error == 0 ? "OK" : "+CME ERROR: " + std::to_string(error));
  const bool dies = death_ && death_->channel + 1 == commands_.size() && death_->line == lines_++;
  if (dies) {
    has_died_ = is_channel_over_ = true;
    say_last_words(said, then);
  } else {
    write(said + then);
  }
  hangs_up = hangs_up || dies;
  if (hangs_up && fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
  changed_.notify_all();
}

// With the mutex. What a client that is gone cannot take is nobody's loss.
void scripted_modem::write(std::string_view text) {
  held_ += text;
  if (!held_until_.empty() || fd_ < 0) return;
  const auto all = std::exchange(held_, {});
  for (std::string_view rest = all; !rest.empty();) {
    const auto sent = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0) return;
    rest.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void scripted_modem::say(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (fd_ < 0) throw std::runtime_error("no channel is open");
  write(text);
}

void scripted_modem::hold_answers_until(std::string command) {
  const std::lock_guard lock(mutex_);
  held_until_ = std::move(command);
}

bool scripted_modem::has_died() const {
  const std::lock_guard lock(mutex_);
  return has_died_;
}

void scripted_modem::refuse_channels(std::size_t how_many) {
  const std::lock_guard lock(mutex_);
  refusals_ = how_many;
}

void scripted_modem::hang_up() {
  const std::lock_guard lock(mutex_);
  if (fd_ < 0) throw std::runtime_error("no channel is open");
  ::shutdown(fd_, SHUT_RDWR);
}

std::size_t scripted_modem::channels() const {
  const std::lock_guard lock(mutex_);
  return commands_.size();
}

std::vector<std::string> scripted_modem::commands(std::size_t channel) const {
  const std::lock_guard lock(mutex_);
  return channel < commands_.size() ? commands_[channel] : std::vector<std::string>{};
}

bool scripted_modem::hears(std::size_t channel, std::string_view command) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline(), [&] {
    return channel < commands_.size() &&
           std::ranges::any_of(commands_[channel], [&](const auto& one) { return one.starts_with(command); });
  });
}

}  // namespace tlsmodem::test

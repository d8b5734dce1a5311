#include "log.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace tlsmodem {
namespace {

// A pipe that polls as writable takes this much without blocking, and in one piece (pipe(7)).
constexpr std::size_t max_line_length = PIPE_BUF;

// What syslog(3) calls LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO and LOG_DEBUG.
struct level_row {
  level which;
  std::string_view name;
  char priority;
};
constexpr std::array levels{
    level_row{level::error, "error", '3'},   level_row{level::warning, "warning", '4'},
    level_row{level::notice, "notice", '5'}, level_row{level::info, "info", '6'},
    level_row{level::debug, "debug", '7'},
};

struct log_state {
  std::atomic<level> most_detailed = level::info;
  std::atomic<int> descriptor = STDERR_FILENO;
  std::atomic<log_format> format = log_format::person;
  std::atomic<std::uint64_t> dropped = 0;
};
constinit log_state state;

const level_row& row_of(level which) { return levels[static_cast<std::size_t>(which)]; }

bool is_plain(unsigned char character) {
  return character >= 0x20 && character < 0x7F && character != '\\' && character != '"';
}

void append_escaped(std::string& line, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char character : text.substr(0, max_escaped_length)) {
    const auto value = static_cast<unsigned char>(character);
    if (is_plain(value)) {
      line += character;
    } else {
      line += {'\\', 'x', digits[value >> 4U], digits[value & 15U]};
    }
  }
  if (text.size() > max_escaped_length) {
    line += "...";
  }
}

// A value that could be mistaken for the next field, or for nothing, stands in quotes.
void append_text(std::string& line, std::string_view value) {
  const bool bare = !value.empty() && value.find_first_of(" =") == std::string_view::npos;
  if (!bare) {
    line += '"';
  }
  append_escaped(line, value);
  if (!bare) {
    line += '"';
  }
}

std::string prefix(log_format format, std::chrono::system_clock::time_point now, level which) {
  if (format == log_format::journal) {
    return {'<', row_of(which).priority, '>'};
  }
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto since_epoch = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
  const auto milliseconds = static_cast<unsigned>((since_epoch.count() % 1000 + 1000) % 1000);
  std::tm local{};
  localtime_r(&seconds, &local);
  std::array<char, 16> clock{};
  const std::size_t length = std::strftime(clock.data(), clock.size(), "%H:%M:%S.", &local);
  std::string text(clock.data(), length);
  text += static_cast<char>('0' + milliseconds / 100);
  text += static_cast<char>('0' + milliseconds / 10 % 10);
  text += static_cast<char>('0' + milliseconds % 10);
  text += ' ';
  text += row_of(which).name;
  text += ' ';
  return text;
}

// True when the whole line went out. Never waits.
bool write_line(int descriptor, std::string_view line) {
  ssize_t written = -1;
  do {
    written = ::send(descriptor, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (written < 0 && errno == EINTR);
  if (written < 0 && errno == ENOTSOCK) {
    // The flag O_NONBLOCK is not ours to set: the terminal or pipe is shared with other processes.
    pollfd writable{descriptor, POLLOUT, 0};
    if (::poll(&writable, 1, 0) != 1 || (writable.revents & POLLOUT) == 0) {
      return false;
    }
    do {
      written = ::write(descriptor, line.data(), line.size());
    } while (written < 0 && errno == EINTR);
  }
  return written == static_cast<ssize_t>(line.size());
}

void tell_dropped(int descriptor, log_format format, std::chrono::system_clock::time_point now) {
  const std::uint64_t count = state.dropped.exchange(0);
  if (count == 0) {
    return;
  }
  const std::array fields{log_field{"count", count}};
  if (!write_line(descriptor, format_line(format, now, level::warning, "log lines lost", fields))) {
    state.dropped += count;
  }
}

}  // namespace

std::string_view to_text(level which) { return row_of(which).name; }

std::optional<level> level_from_text(std::string_view text) {
  const auto* const row = std::find_if(levels.begin(), levels.end(),
                                       [text](const level_row& candidate) { return candidate.name == text; });
  if (row == levels.end()) {
    return std::nullopt;
  }
  return row->which;
}

void log_field::append_to(std::string& line) const {
  append_escaped(line, key_);
  line += '=';
  if (const auto* text = std::get_if<std::string_view>(&value_)) {
    append_text(line, *text);
  } else if (const auto* flag = std::get_if<bool>(&value_)) {
    line += *flag ? "yes" : "no";
  } else if (const auto* number = std::get_if<std::int64_t>(&value_)) {
    line += std::to_string(*number);
  } else if (const auto* natural = std::get_if<std::uint64_t>(&value_)) {
    line += std::to_string(*natural);
  }
}

std::string escaped(std::string_view text) {
  std::string result;
  append_escaped(result, text);
  return result;
}

std::string format_line(log_format format, std::chrono::system_clock::time_point now, level which,
                        std::string_view message, std::span<const log_field> fields) {
  std::string line = prefix(format, now, which);
  append_escaped(line, message);
  for (const log_field& field : fields) {
    line += ' ';
    field.append_to(line);
  }
  line.resize(std::min(line.size(), max_line_length - 1));
  line += '\n';
  return line;
}

bool log_enabled(level which) noexcept {
  return which <= state.most_detailed.load(std::memory_order_relaxed);
}

void set_log_level(level most_detailed) noexcept { state.most_detailed = most_detailed; }

void log(level which, std::string_view message, std::initializer_list<log_field> fields) noexcept {
  if (!log_enabled(which)) {
    return;
  }
  // A failed write must not change what the caller is about to report.
  const int saved_errno = errno;
  try {
    const auto now = std::chrono::system_clock::now();
    const int descriptor = state.descriptor;
    const log_format format = state.format;
    tell_dropped(descriptor, format, now);
    if (!write_line(descriptor, format_line(format, now, which, message, {fields.begin(), fields.size()}))) {
      ++state.dropped;
    }
  } catch (...) {  // no memory for the line
    ++state.dropped;
  }
  errno = saved_errno;
}

log_format format_for(int descriptor, const char* journal_stream) {
  if (journal_stream == nullptr) {
    return log_format::person;
  }
  // "<device>:<inode>" of the journal's end of our stderr (systemd.exec(5), $JOURNAL_STREAM). The variable is
  // inherited by children whose stderr is something else, hence the comparison.
  const std::string_view text(journal_stream);
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  const auto [colon, device_status] = std::from_chars(text.data(), text.data() + text.size(), device);
  if (device_status != std::errc{} || colon == text.data() + text.size() || *colon != ':') {
    return log_format::person;
  }
  const auto [end, inode_status] = std::from_chars(colon + 1, text.data() + text.size(), inode);
  if (inode_status != std::errc{} || end != text.data() + text.size()) {
    return log_format::person;
  }
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || status.st_dev != device || status.st_ino != inode) {
    return log_format::person;
  }
  return log_format::journal;
}

void start_log(level most_detailed) {
  std::signal(SIGPIPE, SIG_IGN);
  set_log_level(most_detailed);
  redirect_log(STDERR_FILENO, format_for(STDERR_FILENO, std::getenv("JOURNAL_STREAM")));
}

void redirect_log(int descriptor, log_format format) {
  state.descriptor = descriptor;
  state.format = format;
}

}  // namespace tlsmodem

// The log: one line per event on stderr, a sentence and fields.
//
// Under systemd the lines go to the journal with their priority; elsewhere they are for a person. A line is
// written by one system call and is never longer than a pipe takes in one piece, so lines of several threads
// do not mix. Logging never fails its caller and never waits: a line that the reader is too slow for is
// dropped, and the number of dropped lines is told with the next one that gets through.
//
// Fields carry what varies: log(level::info, "channel opened", {{"channel", 3}, {"uid", 1000}}). Whoever logs
// a string that came from outside may do so without care: control characters are escaped. Nothing secret is
// ever logged.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace tlsmodem {

// In the order of growing detail; the names are those of the option log-level.
enum class level { error, warning, notice, info, debug };

std::string_view to_text(level which);
std::optional<level> level_from_text(std::string_view text);

// A key and a value for the length of one call of log(): the views must outlive only that call.
class log_field {
 public:
  log_field(std::string_view key, std::string_view value) : key_(key), value_(value) {}
  log_field(std::string_view key, bool value) : key_(key), value_(value) {}
  template <std::signed_integral Number>
  log_field(std::string_view key, Number value) : key_(key), value_(std::int64_t{value}) {}
  template <std::unsigned_integral Number>
  log_field(std::string_view key, Number value) : key_(key), value_(std::uint64_t{value}) {}
  // Without this one, a string literal would rather become a bool than a string_view.
  log_field(std::string_view key, const char* value) : log_field(key, std::string_view(value)) {}

  // Appends key=value.
  void append_to(std::string& line) const;

 private:
  std::string_view key_;
  std::variant<std::string_view, bool, std::int64_t, std::uint64_t> value_;
};

// Never throws, may be called from any thread.
void log(level which, std::string_view message, std::initializer_list<log_field> fields = {}) noexcept;

// Whether log() would write a line of this level: for fields that are expensive to make.
bool log_enabled(level which) noexcept;

// May be called at any time from any thread.
void set_log_level(level most_detailed) noexcept;

// journal: "<6>message key=value"; person: "12:34:56.789 info message key=value".
enum class log_format { journal, person };

// Looks once at what stderr is connected to, and ignores SIGPIPE, since a reader that goes away must not end
// the daemon. Before this call, lines are written for a person.
void start_log(level most_detailed);

// Writes to another descriptor, which must stay open: for tests.
void redirect_log(int descriptor, log_format format);

// The format that fits a descriptor, given the value of $JOURNAL_STREAM (or null).
log_format format_for(int descriptor, const char* journal_stream);

// The line with its line end. `now` is told in local time.
std::string format_line(log_format format, std::chrono::system_clock::time_point now, level which,
                        std::string_view message, std::span<const log_field> fields);

// Printable ASCII as it is, everything else, backslash and double quote as \xHH; what is longer than
// max_escaped_length ends in "...".
std::string escaped(std::string_view text);
inline constexpr std::size_t max_escaped_length = 512;

}  // namespace tlsmodem

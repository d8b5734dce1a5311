#include "session_format.hpp"

#include "protocol/limits.hpp"

#include <algorithm>
#include <utility>

namespace tlsmodem {
namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::uint8_t ticket_flag = 1;
constexpr std::uint8_t single_use_flag = 2;
constexpr std::uint8_t extended_master_secret_flag = 4;
constexpr std::size_t max_name_bytes = 255;

// The whole size is known before a byte is written: a buffer that grows leaves copies of secrets behind.
class writer {
 public:
  explicit writer(std::size_t size) { out_.reserve(size); }
  void number(std::uint64_t value, int bytes_wide) {
    for (int shift = 8 * (bytes_wide - 1); shift >= 0; shift -= 8)
      out_.push_back(static_cast<std::uint8_t>(value >> shift));
  }
  void raw(bytes_view data) { out_.insert(out_.end(), data.begin(), data.end()); }
  void name(const std::string& text) {
    number(text.size(), 1);
    raw(as_bytes(text));
  }
  void time(std::chrono::sys_seconds when) {
    number(static_cast<std::uint64_t>(when.time_since_epoch().count()), 8);
  }
  bytes take() { return std::move(out_); }

 private:
  bytes out_;
};

class reader {
 public:
  explicit reader(bytes_view in) : in_(in) {}
  std::uint64_t number(std::size_t bytes_wide) {
    std::uint64_t value = 0;
    for (const auto byte : raw(bytes_wide)) value = value << 8 | byte;
    return value;
  }
  bytes_view raw(std::size_t size) {
    if (size > in_.size()) {
      is_good_ = false;
      in_ = {};
      return {};
    }
    const auto taken = in_.first(size);
    in_ = in_.subspan(size);
    return taken;
  }
  std::string name() { return std::string(as_text(raw(number(1)))); }
  std::chrono::sys_seconds time() {
    // Beyond the year 9999 it is no time, and arithmetic with it overflows.
    constexpr std::uint64_t latest = 253'402'300'799;
    const auto seconds = number(8);
    if (seconds > latest) is_good_ = false;
    return std::chrono::sys_seconds(std::chrono::seconds(std::min(seconds, latest)));
  }
  bool is_good() const { return is_good_; }
  bool is_at_end() const { return in_.empty(); }

 private:
  bytes_view in_;
  bool is_good_ = true;
};

std::size_t encoded_size(const session_entry& entry) {
  std::size_t size = 1 + entry.binding.size() + 1 + entry.host.size() + 2 + 1 + entry.version.size() + 1 +
                     entry.suite.size() + 1;
  for (const auto& session : entry.sessions) size += 8 + 8 + 1 + 4 + session.state.size();
  return size;
}

kept_session read_session(reader& in) {
  kept_session session;
  session.made = in.time();
  session.expires = in.time();
  const auto flags = in.number(1);
  session.is_ticket = (flags & ticket_flag) != 0;
  session.is_single_use = (flags & single_use_flag) != 0;
  session.has_extended_master_secret = (flags & extended_master_secret_flag) != 0;
  session.state = secret(in.raw(in.number(4)));
  return session;
}

}  // namespace

secret encode(const session_entry& entry) {
  writer out(encoded_size(entry));
  out.number(format_version, 1);
  out.raw(entry.binding);
  out.name(entry.host);
  out.number(entry.port, 2);
  out.name(entry.version);
  out.name(entry.suite);
  out.number(entry.sessions.size(), 1);
  for (const auto& session : entry.sessions) {
    out.time(session.made);
    out.time(session.expires);
    out.number((session.is_ticket ? ticket_flag : 0U) | (session.is_single_use ? single_use_flag : 0U) |
                   (session.has_extended_master_secret ? extended_master_secret_flag : 0U),
               1);
    out.number(session.state.size(), 4);
    out.raw(session.state.view());
  }
  return secret(out.take());
}

std::optional<session_entry> decode_session_entry(bytes_view row) {
  reader in(row);
  if (in.number(1) != format_version) return std::nullopt;
  session_entry entry;
  const auto binding = in.raw(entry.binding.size());
  std::copy(binding.begin(), binding.end(), entry.binding.begin());
  entry.host = in.name();
  entry.port = static_cast<std::uint16_t>(in.number(2));
  entry.version = in.name();
  entry.suite = in.name();
  const auto count = in.number(1);
  if (!in.is_good() || count > max_sessions_of_entry) return std::nullopt;
  for (std::uint64_t i = 0; i < count; ++i) {
    entry.sessions.push_back(read_session(in));
    if (!in.is_good() || entry.sessions.back().state.empty()) return std::nullopt;
  }
  if (!in.is_at_end() || entry.host.size() > max_name_bytes) return std::nullopt;
  return entry;
}

}  // namespace tlsmodem

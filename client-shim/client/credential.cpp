#include "credential.hpp"

#include <algorithm>

namespace tlsmodem::client {
namespace {

// What the last modem said, and whether one before it may have done what was asked, and went away.
struct outcome {
  std::optional<at::failure> wrong;
  bool was_asked_before = false;
};

// What is asked may be done by one modem and answered by the next: each of these commands can be repeated.
outcome run(const std::string& path, std::string_view text, time_point deadline) {
  const auto limit = std::min(deadline, std::chrono::steady_clock::now() + restart_limit);
  for (outcome all;;) {
    auto opened = channel::open(path, limit);
    const auto answered = opened ? opened->command(text, deadline) : at::result<answer>(opened.why());
    if (answered && answered->is_ok) return {};
    all.wrong = answered ? at::failure{answered->code, "The modem refuses a credential: " +
                                                           std::string(at::describe(answered->code)) + "."}
                         : answered.why();
    // 815 comes from a modem that takes no channel for now.
    const bool is_answer = answered && answered->code != at::error::limit_reached;
    if (is_answer || !pause_before_next_attempt(limit)) return all;
    all.was_asked_before = all.was_asked_before || (opened && !answered);
  }
}

}  // namespace

// The password is behind everything else, and added by itself: no other string ever holds it.
void append_write(wiped_string& text, const credential& one, lifetime how_long) {
  const auto line = at::format(at::credential_request{at::credential_operation::write,
                                                      one.tag,
                                                      one.type,
                                                      one.content.size(),
                                                      how_long == lifetime::of_channel,
                                                      {}});
  text.append(line.data(), line.size());
  if (one.password) {
    auto quoted = at::quote({one.password->data(), one.password->size()});
    text += ',';
    text.append(quoted.data(), quoted.size());
    wipe(quoted);
  }
  text += '\r';
  text += one.content;
}

std::optional<at::failure> keep_credential(const std::string& path, const credential& one,
                                           time_point deadline) {
  wiped_string text;
  append_write(text, one, lifetime::kept);
  return run(path, {text.data(), text.size()}, deadline).wrong;
}

std::optional<at::failure> remove_credential(const std::string& path, std::int64_t tag,
                                             at::credential_type type, time_point deadline) {
  const at::credential_request request{at::credential_operation::remove, tag, type, 0, false, {}};
  auto all = run(path, at::format(request) + "\r", deadline);
  const bool is_gone = all.wrong && all.wrong->code == at::error::not_found && all.was_asked_before;
  return is_gone ? std::nullopt : std::move(all.wrong);
}

// The answer has a request for a certificate with it, which a person who asks for one takes from AT#TCRED.
std::optional<at::failure> make_key(const std::string& path, std::int64_t tag, time_point deadline) {
  const at::credential_request request{
      at::credential_operation::make, tag, at::credential_type::private_key, 0, false, {}};
  return run(path, at::format(request) + "\r", deadline).wrong;
}

}  // namespace tlsmodem::client

#include "credential.hpp"

namespace tlsmodem::client {
namespace {

std::optional<at::failure> run(const std::string& path, std::string_view text, time_point deadline) {
  auto opened = channel::open(path, deadline);
  if (!opened) return opened.why();
  const auto answered = opened->command(text, deadline);
  if (!answered) return answered.why();
  if (answered->is_ok) return std::nullopt;
  return at::failure{answered->code,
                     "The modem refuses a credential: " + std::string(at::describe(answered->code)) + "."};
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
  return run(path, {text.data(), text.size()}, deadline);
}

std::optional<at::failure> remove_credential(const std::string& path, std::int64_t tag,
                                             at::credential_type type, time_point deadline) {
  const at::credential_request request{at::credential_operation::remove, tag, type, 0, false, {}};
  return run(path, at::format(request) + "\r", deadline);
}

// The answer has a request for a certificate with it, which a person who asks for one takes from AT#TCRED.
std::optional<at::failure> make_key(const std::string& path, std::int64_t tag, time_point deadline) {
  const at::credential_request request{
      at::credential_operation::make, tag, at::credential_type::private_key, 0, false, {}};
  return run(path, at::format(request) + "\r", deadline);
}

}  // namespace tlsmodem::client

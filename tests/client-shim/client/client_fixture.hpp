// What the tests of the client library share: a scripted modem's usual answers, and a socket on it.
#pragma once

#include "client-shim/client/socket.hpp"
#include "scripted_modem.hpp"

#include <poll.h>

#include <gtest/gtest.h>

namespace tlsmodem::test {

inline const std::string a_handle = "0123456789abcdef00112233445566ff";
inline const std::string another_handle = "ffeeddccbbaa99887766554433221100";

inline at::value text(std::string_view t) { return {at::value::kind::string, 0, std::string(t)}; }
inline at::value number(std::int64_t n) { return {at::value::kind::number, n, {}}; }

inline client::configuration psk_over(std::string_view protocol) {
  client::configuration made;
  made.options = {{"proto", {text(protocol)}}, {"psk", {text("1")}}, {"cid", {text("")}, true}};
  made.credentials.push_back({1, at::credential_type::psk, wiped_string("secret"), {}});
  made.credentials.push_back({1, at::credential_type::psk_identity, wiped_string("device"), {}});
  return made;
}

inline std::string up(int how) {
  return line(at::format(at::up_event{1, how, "DTLSv1.2", "PSK", "192.0.2.7", 5684, "198.51.100.9", 40001}));
}
inline std::string key(const std::string& handle) { return line(at::format(at::key_event{1, handle})); }
inline std::string stopping() {
  return line(at::format(at::down_event{1, at::down_cause::stopping, -1, "The modem stops."}));
}
inline std::string listed(const std::string& handle, std::string_view kind) {
  return line("#TSESS: \"" + handle + "\",\"coap.example\",5684,\"DTLSv1.2\",\"PSK\",1,86400,\"" +
              std::string(kind) + "\"");
}

// The modem that is connected first.
inline table first_life() { return {{"#TCONN", {}, 0, up(0) + key(a_handle)}}; }

inline std::string receive(client::socket& from, client::time_point until = deadline()) {
  bytes buffer(65536);
  const auto got = from.receive(buffer, until);
  if (!got) return "(" + std::to_string(static_cast<int>(got.why().code)) + ")";
  return got->is_end ? "(end)" : std::string(as_text(bytes_view(buffer).first(got->size)));
}
inline client::time_point at_once() { return std::chrono::steady_clock::now(); }

inline bool is_readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

inline client::target the_peer(std::string handle = {}) {
  return {"coap.example", 5684, {}, std::move(handle)};
}

// Connected, and its handle is known. Throws when that fails.
inline void connect(client::socket& socket) {
  if (const auto done = socket.connect(the_peer(), deadline()); !done)
    throw std::runtime_error(done.why().text);
  if (socket.handle().empty() && receive(socket, at_once()) != "(804)")
    throw std::runtime_error("something came");
}

}  // namespace tlsmodem::test

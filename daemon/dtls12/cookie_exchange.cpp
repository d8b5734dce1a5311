#include "cookie_exchange.hpp"

#include <algorithm>
#include <utility>

namespace tlsmodem::dtls12 {
namespace {

// A stranger who makes up cookies gets one datagram for each of his. Fewer servers than this share an
// address.
constexpr unsigned max_answers = 16;
constexpr std::size_t before_session_id = 2 + 32;  // version and random, RFC 5246 7.4.1.2
constexpr std::size_t before_cookie_length = 2;    // version, RFC 6347 4.3.2

// Where in the body of a ClientHello the length of its cookie is; nothing when it ends before.
std::optional<std::size_t> cookie_length_at(bytes_view body) {
  if (body.size() <= before_session_id) return std::nullopt;
  const std::size_t at = before_session_id + 1 + body[before_session_id];
  if (at >= body.size()) return std::nullopt;
  return at;
}

std::optional<bytes_view> cookie_of(const fragment_view& request) {
  const bytes_view body = request.body;
  if (!request.is_whole() || body.size() <= before_cookie_length) return std::nullopt;
  const bytes_view cookie = body.subspan(before_cookie_length + 1);
  if (cookie.size() != body[before_cookie_length]) return std::nullopt;
  return cookie;
}

}  // namespace

bool cookie_exchange::begin(bytes_view hello) {
  fragment_view whole;
  bytes_view rest = hello;
  if (!next_fragment(rest, whole) || !rest.empty() || !whole.is_whole() || whole.type != client_hello)
    return false;
  const auto at = cookie_length_at(whole.body);
  if (!at || whole.body[*at] != 0) return false;
  hello_.assign(hello.begin(), hello.end());
  is_over_ = false;
  return true;
}

std::optional<bytes> cookie_exchange::answer(const fragment_view& request, bytes_view record,
                                             bool is_for_latest) {
  const auto cookie = cookie_of(request);
  if (is_over_ || !cookie || answers_ == max_answers || request.message_seq > answers_) return std::nullopt;
  // A late answer to an earlier ClientHello asks for nothing that is not under way.
  if (cookie_ && (!is_for_latest || std::ranges::equal(*cookie_, *cookie))) return std::nullopt;
  ++answers_;
  cookie_.emplace(cookie->begin(), cookie->end());
  set_request(request, record);
  const bytes_view body = bytes_view(hello_).subspan(handshake_header_bytes);
  const std::size_t at = *cookie_length_at(body);
  bytes with_cookie(body.begin(), body.begin() + static_cast<std::ptrdiff_t>(at));
  with_cookie.push_back(static_cast<std::uint8_t>(cookie->size()));
  with_cookie.insert(with_cookie.end(), cookie->begin(), cookie->end());
  with_cookie.insert(with_cookie.end(), body.begin() + static_cast<std::ptrdiff_t>(at) + 1, body.end());
  bytes message;
  // RFC 6347 4.2.2: each new message has the next number. To a server without state, whose requests all have
  // the number 0, that with the last cookie is the second one of the handshake, whichever it is.
  const auto seq = static_cast<std::uint16_t>(request.message_seq + 1);
  append_fragment(message, {client_hello, seq, with_cookie.size(), 0, with_cookie});
  return message;
}

// libssl counts both sides' messages: that it writes and expects the next ones, it gets as many requests.
void cookie_exchange::set_request(const fragment_view& request, bytes_view record) {
  request_.assign(record.begin(), record.begin() + header_bytes);
  fragment_view shown = request;
  for (shown.message_seq = 0; shown.message_seq <= request.message_seq; ++shown.message_seq)
    append_fragment(request_, shown);
  set_length(request_, header_bytes - 2);
}

bytes cookie_exchange::take_request() {
  is_over_ = true;
  return std::exchange(request_, {});
}

}  // namespace tlsmodem::dtls12

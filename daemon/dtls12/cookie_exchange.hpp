// The cookie exchange of a client, RFC 6347 4.2.1, in front of libssl. libssl answers one HelloVerifyRequest
// and takes each later one of a server without state, which always has message_seq 0, for a repeat. A server
// that restarted, changed its secret or is one of several asks again. So the answers are made here from
// libssl's ClientHello, and libssl sees only the request that the server was satisfied with, directly in
// front of its ServerHello: then both hash the same ClientHello. A server that counts its requests, or gives
// each the number of the ClientHello that it answers, finds the next number in the ClientHello.
#pragma once

#include "handshake_message.hpp"
#include "record.hpp"

#include <optional>

namespace tlsmodem::dtls12 {

class cookie_exchange {
 public:
  // Messages are whole, with their headers. False when `hello` is not a ClientHello without a cookie.
  bool begin(bytes_view hello);

  // The ClientHello that answers a HelloVerifyRequest, which came in `record`. `is_for_latest`: it answers
  // the ClientHello that was sent last. Nothing: no answer is due, the request is malformed, or came too
  // often.
  std::optional<bytes> answer(const fragment_view& request, bytes_view record, bool is_for_latest);

  // The ServerHello is there, and the exchange is over. The record that libssl has to see before it, with as
  // many requests as the message_seq of the last ClientHello says. Empty when nobody asked for a cookie.
  bytes take_request();

 private:
  void set_request(const fragment_view& request, bytes_view record);

  bytes hello_;
  std::optional<bytes> cookie_;
  bytes request_;
  unsigned answers_ = 0;
  bool is_over_ = true;
};

}  // namespace tlsmodem::dtls12

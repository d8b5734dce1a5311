#include "daemon/socket/plain_engine.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tlsmodem::test {
namespace {

using tls::engine_state;
using tls::send_outcome;
constexpr tls::time_point now{};

TEST(plain_engine, is_up_at_once_and_never_has_a_deadline) {
  const auto engine = make_plain_engine(plain_kind::stream);
  EXPECT_EQ(engine->state(), engine_state::idle);
  EXPECT_EQ(engine->send(as_bytes("early"), now), send_outcome::not_connected);
  engine->start(now);
  EXPECT_EQ(engine->state(), engine_state::established);
  EXPECT_EQ(engine->deadline(), std::nullopt);
  engine->on_deadline(now);
  EXPECT_EQ(engine->state(), engine_state::established);
}

TEST(plain_engine, passes_bytes_as_they_are) {
  const auto engine = make_plain_engine(plain_kind::stream);
  engine->start(now);
  engine->feed(as_bytes("in"), now);
  EXPECT_EQ(as_text(engine->incoming().front()), "in");
  EXPECT_EQ(engine->send(as_bytes("out"), now), send_outcome::ok);
  EXPECT_EQ(as_text(engine->outgoing().front()), "out");
}

TEST(plain_engine, joins_what_is_sent_on_a_stream_and_keeps_datagrams_apart) {
  for (const auto kind : {plain_kind::stream, plain_kind::datagram}) {
    const auto engine = make_plain_engine(kind);
    engine->start(now);
    for (const auto* text : {"one", "", "two"})
      EXPECT_EQ(engine->send(as_bytes(text), now), send_outcome::ok);
    EXPECT_EQ(engine->outgoing().packets(), kind == plain_kind::stream ? 1U : 3U);
    EXPECT_EQ(engine->outgoing().bytes(), 6U);
  }
}

TEST(plain_engine, limits_datagrams_and_not_streams) {
  const std::string longest(16384, 'x');
  const auto datagrams = make_plain_engine(plain_kind::datagram);
  datagrams->start(now);
  EXPECT_EQ(datagrams->send(as_bytes(longest), now), send_outcome::ok);
  EXPECT_EQ(datagrams->send(as_bytes(longest + "x"), now), send_outcome::too_long);
  EXPECT_EQ(datagrams->outgoing().packets(), 1U);
  const auto stream = make_plain_engine(plain_kind::stream);
  stream->start(now);
  EXPECT_EQ(stream->send(as_bytes(longest + "x"), now), send_outcome::ok);
}

TEST(plain_engine, says_nothing_when_it_is_shut_and_ends_with_the_stream) {
  const auto engine = make_plain_engine(plain_kind::stream);
  engine->start(now);
  engine->shut(now);
  EXPECT_TRUE(engine->outgoing().empty());
  engine->feed_end(now);
  EXPECT_EQ(engine->state(), engine_state::peer_closed);
}

}  // namespace
}  // namespace tlsmodem::test

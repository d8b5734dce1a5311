// libssl's transport without a network.
#include "daemon/tls/wire.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

TEST(wire, reads_datagrams_whole_and_streams_in_parts) {
  for (const auto transport : {tls::transport_kind::datagram, tls::transport_kind::stream}) {
    tls::wire wire;
    wire.transport = transport;
    const tls::bio_ptr bio = tls::make_wire_bio(wire);
    const bytes input = to_bytes("0123456789");
    wire.input = input;
    char piece[4];
    EXPECT_EQ(BIO_read(bio.get(), piece, sizeof piece), 4);
    const bool stream = transport == tls::transport_kind::stream;
    EXPECT_EQ(wire.input.size(), stream ? 6U : 0U);
    EXPECT_EQ(BIO_read(bio.get(), piece, sizeof piece), stream ? 4 : -1);
    EXPECT_EQ(BIO_write(bio.get(), "ab", 2), 2);
    EXPECT_EQ(BIO_write(bio.get(), "cd", 2), 2);
    EXPECT_EQ(wire.output.packets(), stream ? 1U : 2U);
  }
}

}  // namespace
}  // namespace tlsmodem::test

// Which unprotected records can belong to a handshake of a client.
#include "daemon/dtls12/handshake_filter.hpp"

#include "daemon/dtls12/handshake_message.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tlsmodem::test {
namespace {

using kind = dtls12::unprotected_kind;

bytes fragment(std::uint8_t type, std::size_t message_bytes, std::size_t offset, std::size_t size) {
  bytes out;
  dtls12::append_fragment(out, {type, 1, message_bytes, offset, bytes(size, 0x42)});
  return out;
}

bytes operator+(bytes first, const bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

bytes first_bytes(bytes all, std::size_t count) {
  all.resize(count);
  return all;
}

struct row {
  const char* name;
  std::uint8_t type;
  bytes payload;
  kind is;
};

class unprotected : public testing::TestWithParam<row> {};

TEST_P(unprotected, is_classified) {
  dtls12::record_view record;
  record.type = GetParam().type;
  record.payload = GetParam().payload;
  EXPECT_EQ(dtls12::classify_unprotected(record), GetParam().is);
}

constexpr std::size_t too_long = std::size_t{100} * 1024 + 1;

INSTANTIATE_TEST_SUITE_P(
    records, unprotected,
    testing::Values(
        row{"server_hello", 22, fragment(2, 70, 0, 70), kind::server_hello},
        row{"half_a_server_hello", 22, fragment(2, 70, 0, 30), kind::server_hello},
        row{"end_of_a_server_hello", 22, fragment(2, 70, 30, 40), kind::server_hello},
        row{"server_hello_and_more", 22, fragment(2, 70, 0, 70) + fragment(14, 0, 0, 0), kind::server_hello},
        row{"verify_request", 22, fragment(3, 20, 0, 20), kind::hello_verify_request},
        row{"half_a_verify_request", 22, fragment(3, 20, 0, 10), kind::wanted},
        row{"verify_request_and_more", 22, fragment(3, 20, 0, 20) + fragment(14, 0, 0, 0), kind::wanted},
        row{"certificate", 22, fragment(11, 900, 100, 300), kind::wanted},
        row{"empty_fragment", 22, fragment(11, 900, 100, 0), kind::other},
        row{"empty_fragment_of_a_server_hello", 22, fragment(2, 70, 0, 0), kind::other},
        row{"key_exchange", 22, fragment(12, 9, 0, 9), kind::wanted},
        row{"certificate_request", 22, fragment(13, 9, 0, 9), kind::wanted},
        row{"server_hello_done", 22, fragment(14, 0, 0, 0), kind::wanted},
        row{"ticket", 22, fragment(4, 9, 0, 9), kind::wanted},
        row{"certificate_status", 22, fragment(22, 9, 0, 9), kind::wanted},
        row{"client_hello", 22, fragment(1, 50, 0, 50), kind::client_hello},
        row{"rubbish_like_a_client_hello", 22, bytes{1, 2, 3}, kind::client_hello},
        row{"hello_request", 22, fragment(0, 0, 0, 0), kind::other},
        row{"finished", 22, fragment(20, 12, 0, 12), kind::other},
        row{"unknown_message", 22, fragment(77, 3, 0, 3), kind::other},
        row{"client_hello_after_another", 22, fragment(11, 9, 0, 9) + fragment(1, 9, 0, 9), kind::other},
        row{"over_the_end_of_its_message", 22, fragment(11, 9, 5, 5), kind::other},
        row{"too_long_a_chain", 22, fragment(11, too_long, 0, 5), kind::long_chain},
        row{"too_long_a_key_exchange", 22, fragment(12, too_long, 0, 5), kind::other},
        row{"cut_off", 22, first_bytes(fragment(11, 9, 0, 9), 20), kind::other},
        row{"half_a_header", 22, bytes{11, 0, 0}, kind::other}, row{"empty_handshake", 22, {}, kind::other},
        row{"change_cipher_spec", 20, bytes{1}, kind::wanted},
        row{"another_change_cipher_spec", 20, bytes{2}, kind::other},
        row{"two_of_them", 20, bytes{1, 1}, kind::other}, row{"fatal_alert", 21, bytes{2, 40}, kind::wanted},
        row{"close_notify", 21, bytes{1, 0}, kind::wanted}, row{"warning", 21, bytes{1, 112}, kind::warning},
        row{"unknown_level", 21, bytes{9, 9}, kind::other}, row{"half_an_alert", 21, bytes{2}, kind::other},
        row{"long_alert", 21, bytes{2, 40, 1}, kind::other}, row{"data", 23, bytes{1, 2, 3}, kind::other},
        row{"unknown_type", 99, bytes{1}, kind::other}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace tlsmodem::test

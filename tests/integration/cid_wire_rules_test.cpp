// The observer of the other tests: it finds what it is there to find. And flights are lost as they are meant
// to be.
#include "tests/support/handshake_trace.hpp"
#include "tests/support/record_relay.hpp"
#include "tests/support/wire_records.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace tlsmodem::test {
namespace {

void append(bytes& to, std::uint64_t value, int size) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
    to.push_back(static_cast<std::uint8_t>(value >> shift));
}

void append(bytes& to, const bytes& more) { to.insert(to.end(), more.begin(), more.end()); }

bytes record(std::uint8_t type, int epoch, std::uint64_t sequence, const bytes& content,
             const bytes& cid = {}) {
  bytes made = {type, 0xfe, 0xfd};
  append(made, static_cast<std::uint64_t>(epoch), 2);
  append(made, sequence, 6);
  append(made, cid);
  append(made, content.size(), 2);
  append(made, content);
  return made;
}

// A handshake message in a record of epoch 0.
bytes message_record(std::uint8_t type, std::uint16_t number, const bytes& body = {}) {
  bytes content = {type};
  append(content, body.size(), 3);
  append(content, number, 2);
  append(content, 0, 3);
  append(content, body.size(), 3);
  append(content, body);
  return record(record_type::handshake, 0, number, content);
}

bytes cid_extension(const bytes& cid) {
  bytes made;
  append(made, 2 + 2 + 1 + cid.size(), 2);
  append(made, extension::connection_id, 2);
  append(made, 1 + cid.size(), 2);
  append(made, cid.size(), 1);
  append(made, cid);
  return made;
}

bytes hello_of_client(const bytes& cid) {
  bytes body = {0xfe, 0xfd};
  body.resize(body.size() + 32);
  append(body, bytes{0, 0, 0, 2, 0x00, 0xA8, 1, 0});  // no session, no cookie, a suite, no compression
  append(body, cid_extension(cid));
  return message_record(message::client_hello, 0, body);
}

bytes hello_of_server(const bytes& cid, std::uint8_t random = 1) {
  bytes body = {0xfe, 0xfd};
  body.resize(body.size() + 32, random);
  append(body, bytes{0, 0x00, 0xA8, 0});
  append(body, cid_extension(cid));
  return message_record(message::server_hello, 0, body);
}

const bytes of_client = {0xc1, 0xc2};
const bytes of_server = {0x51, 0x52, 0x53};
constexpr std::uint16_t port = 40000;

class cid_wire_rules : public ::testing::Test {
 protected:
  cid_wire_rules() {
    log_.note(true, port, hello_of_client(of_client));
    log_.note(false, port, hello_of_server(of_server));
  }
  // Of a client, with an explicit nonce.
  void sends(std::uint64_t sequence, std::uint64_t nonce, std::uint8_t content, std::uint16_t from = port) {
    bytes protected_content;
    append(protected_content, nonce, 8);
    protected_content.push_back(content);
    log_.note(true, from, record(record_type::with_cid, 1, sequence, protected_content, of_server));
  }
  wire_log log_;
};

TEST_F(cid_wire_rules, reads_what_was_agreed) {
  ASSERT_EQ(log_.associations().size(), 1U);
  const auto& agreed = log_.associations().front();
  EXPECT_TRUE(agreed.has_cid);
  EXPECT_EQ(agreed.suite, 0x00A8);
  EXPECT_EQ(agreed.cid_to_client, of_client);
  EXPECT_EQ(agreed.cid_to_server, of_server);
  EXPECT_EQ(handshake_records(log_, 0), 2U);
  EXPECT_EQ(handshake_records(log_, 2), 0U);
}

TEST_F(cid_wire_rules, one_datagram_may_hold_several_records) {
  auto both = record(record_type::with_cid, 1, 1, bytes(9), of_server);
  append(both, record(record_type::with_cid, 1, 2, bytes{1, 2, 3, 4, 5, 6, 7, 8, 9}, of_server));
  EXPECT_EQ(log_.note(true, port, both).size(), 2U);
  EXPECT_TRUE(breaches(log_).empty());
}

TEST_F(cid_wire_rules, a_repeated_datagram_is_none) {
  sends(1, 1, 'a');
  sends(1, 1, 'a');
  sends(2, 2, 'b');
  EXPECT_TRUE(breaches(log_).empty());
}

TEST_F(cid_wire_rules, a_number_twice_is_one) {
  sends(1, 1, 'a');
  sends(1, 2, 'b');
  EXPECT_EQ(breaches(log_).size(), 1U);
}

TEST_F(cid_wire_rules, a_number_twice_after_a_move_is_one) {
  sends(1, 1, 'a');
  sends(1, 2, 'b', port + 1);
  EXPECT_EQ(breaches(log_).size(), 1U);
}

TEST_F(cid_wire_rules, a_nonce_twice_is_one) {
  sends(1, 1, 'a');
  sends(2, 1, 'b');
  EXPECT_EQ(breaches(log_).size(), 1U);
}

TEST_F(cid_wire_rules, another_association_counts_anew) {
  sends(1, 1, 'a');
  log_.note(true, port, hello_of_client(of_client));
  log_.note(false, port, hello_of_server(of_server, 2));
  sends(1, 1, 'b');
  EXPECT_TRUE(breaches(log_).empty());
}

// By chance, the socket that continues an association has a port that another one had before.
TEST_F(cid_wire_rules, a_port_that_is_used_again_says_nothing) {
  sends(1, 1, 'a');
  log_.note(true, port + 1, hello_of_client(of_client));
  log_.note(false, port + 1, hello_of_server(of_server, 2));
  sends(1, 1, 'b', port + 1);
  log_.forget_ports();
  sends(2, 2, 'c');
  EXPECT_EQ(log_.records().back().association, 1U);
  sends(1, 3, 'd');
  EXPECT_EQ(breaches(log_).size(), 1U) << "of the second";
}

TEST_F(cid_wire_rules, who_comes_from_anywhere_is_known_by_the_cid) {
  sends(1, 1, 'a');
  log_.note(true, port + 1, hello_of_client(of_client));
  log_.note(false, port + 1, hello_of_server({0x99}, 2));
  log_.forget_ports();
  sends(2, 2, 'b', port + 1);
  EXPECT_EQ(log_.records().back().association, 0U);
  EXPECT_TRUE(breaches(log_).empty());
  sends(1, 3, 'c', port + 1);
  EXPECT_EQ(breaches(log_).size(), 1U) << "of the first";
}

TEST_F(cid_wire_rules, a_record_without_the_cid_is_one) {
  log_.note(true, port, record(record_type::application_data, 1, 1, bytes(9)));
  EXPECT_EQ(breaches(log_).size(), 1U);
}

TEST_F(cid_wire_rules, a_wrong_cid_is_one) {
  log_.note(true, port, record(record_type::with_cid, 1, 1, bytes(9), {1, 2, 3}));
  EXPECT_EQ(breaches(log_).size(), 1U);
}

TEST_F(cid_wire_rules, a_cid_for_who_wants_none_is_one) {
  log_.note(true, port, hello_of_client({}));
  log_.note(false, port, hello_of_server({}, 2));
  log_.note(true, port, record(record_type::with_cid, 1, 1, bytes(9)));
  EXPECT_EQ(breaches(log_).size(), 1U);
}

TEST_F(cid_wire_rules, half_a_record_is_one) {
  auto half = record(record_type::with_cid, 1, 1, bytes(9), of_server);
  half.pop_back();
  log_.note(true, port, half);
  EXPECT_EQ(breaches(log_).size(), 1U);
}

// Plays datagrams, given as "c" or "s" with the number of their first message, "f" for ChangeCipherSpec and
// Finished of the client, "F" of the server, "d" for data. Returns what arrived.
std::string arriving(int lost_flight, std::initializer_list<const char*> datagrams) {
  flight_loss loss(lost_flight);
  wire_log log;
  std::string arrived;
  std::uint64_t sequence = 0;
  for (const std::string_view each : datagrams) {
    bytes data;
    if (each[0] == 'c' || each[0] == 's')
      data = message_record(message::client_key_exchange, static_cast<std::uint16_t>(each[1] - '0'));
    if (each[0] == 'f' || each[0] == 'F') {
      data = record(record_type::change_cipher_spec, 0, ++sequence, {1});
      append(data, record(record_type::handshake, 1, ++sequence, bytes(9)));
    }
    if (each[0] == 'd') data = record(record_type::application_data, 1, ++sequence, bytes(9));
    const bool is_from_client = each[0] == 'c' || each[0] == 'f' || each[0] == 'd';
    if (!loss.is_lost(log.note(is_from_client, port, data))) arrived += std::string(each) + " ";
  }
  return arrived;
}

TEST(cid_flight_loss, takes_all_of_a_flight_up_to_its_repetition) {
  EXPECT_EQ(arriving(1, {"c0", "c0", "s0", "c1"}), "c0 s0 c1 ");
  EXPECT_EQ(arriving(2, {"c0", "s0", "s1", "c0", "s0", "s1", "c1"}), "c0 c0 s0 s1 c1 ");
  EXPECT_EQ(arriving(3, {"c0", "s0", "c1", "c2", "s0", "c1", "c2"}), "c0 s0 s0 c1 c2 ");
}

TEST(cid_flight_loss, leaves_data_alone) {
  EXPECT_EQ(arriving(3, {"c0", "s0", "f", "d", "d", "s0", "f", "d"}), "c0 s0 d d s0 f d ");
}

TEST(cid_flight_loss, of_the_last_flight) {
  EXPECT_EQ(arriving(4, {"c0", "s0", "f", "F", "f", "F", "d"}), "c0 s0 f f F d ");
}

}  // namespace
}  // namespace tlsmodem::test

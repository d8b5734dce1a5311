// Every suite, every kind of handshake, every flight lost, every end of a daemon: the association is made,
// and lives on.
#include "cid_matrix_cells.hpp"
#include "tests/support/handshake_trace.hpp"

#include <set>

namespace tlsmodem::test {
namespace {

class cid_matrix : public cid_test, public ::testing::WithParamInterface<cid_cell> {
 protected:
  // What a session is resumed from: a first handshake, undisturbed, and goodbye.
  std::string make_session() {
    auto channel = client();
    const auto first = connect(channel);
    EXPECT_EQ(first.up.how, 0);
    exchange(channel, first.id, "first of all\n");
    close(channel, first.id);
    return first.handle;
  }

  void impair() const {
    const auto& network = GetParam().network;
    if (network.is_reversed) relay_->deliver(delivery::reversed);
    if (network.lost_flight > 0) relay_->lose_flight(network.lost_flight);
  }

  void expect_handshake_of(const cid_link& link) {
    const auto& cell = GetParam();
    EXPECT_EQ(link.up.how, cell.handshake == cid_handshake::full ? 0 : 1);
    const auto log = relay_->log();
    client_hello offer;
    for (const auto& record : log.records())
      if (record.is_from_client && is_dtls_hello(record.data)) offer = parse_dtls_hello(record.data);
    const auto ticket = offer.extensions.find(extension::session_ticket);
    const bool has_ticket = ticket != offer.extensions.end() && !ticket->second.empty();
    EXPECT_EQ(has_ticket, cell.handshake == cid_handshake::by_ticket);
    EXPECT_EQ(offer.session_id.empty(), cell.handshake == cid_handshake::full);
    EXPECT_TRUE(log.associations().back().has_cid);
  }

  void talk(test_channel& channel, int id, const std::string& what, bool may_lose) {
    for (const auto* part : {" one\n", " two\n", " three\n"}) {
      if (may_lose)
        exchange_with_loss(channel, id, what + part);
      else
        exchange(channel, id, what + part);
    }
  }

  void expect_cids(test_channel& channel, int id) {
    EXPECT_EQ(channel.info(id, "cid_in"), at::quote(own_cid));
    EXPECT_EQ(channel.info(id, "cid_out"), at::quote("51525354"));
  }
};

TEST_P(cid_matrix, cell) {
  const auto& cell = GetParam();
  start_server(*cell.suite, {.has_tickets = cell.handshake != cid_handshake::by_session_id});
  const auto handle = cell.handshake == cid_handshake::full ? std::string() : make_session();
  const auto clients_before = times_printed("Use of Connection ID has been negotiated");

  impair();
  std::vector<std::string> more;
  if (cell.is_lossy()) more.push_back(R"("hs_min",50)");
  auto channel = client(own_cid, more);
  auto link = connect(channel, handle);
  expect_cids(channel, link.id);
  talk(channel, link.id, "before", cell.is_lossy());
  expect_handshake_of(link);
  EXPECT_EQ(relay_->has_lost_flight(), cell.is_lossy());
  // Said after the handshake and with each message.
  EXPECT_GT(times_printed("Use of Connection ID has been negotiated"), clients_before);

  if (cell.ending != cid_ending::close) {
    const auto how = cell.ending == cid_ending::restart ? daemon_end::stopped
                     : cell.ending == cid_ending::kill  ? daemon_end::killed
                                                        : daemon_end::reboot;
    for (int round = 0; round < 2; ++round) {
      restart(channel, how);
      channel = client(own_cid, more);
      link = continue_association(channel, link, how);
      expect_cids(channel, link.id);
      talk(channel, link.id, "after " + std::to_string(round), cell.is_lossy() || how == daemon_end::reboot);
    }
  }
  close(channel, link.id);
  EXPECT_EQ(broken_associations(), 0U);
}

INSTANTIATE_TEST_SUITE_P(of, cid_matrix, ::testing::ValuesIn(matrix_to_run()),
                         [](const auto& made) { return name_of(made.param); });

TEST(cid_matrix_part, has_each_value_at_least_twice) {
  std::map<std::string, int> seen;
  const auto note = [&](const cid_cell& cell, int more) {
    seen[cell.suite->name] += more;
    seen["handshake " + std::to_string(static_cast<int>(cell.handshake))] += more;
    seen["ending " + std::to_string(static_cast<int>(cell.ending))] += more;
    seen["reversed " + std::to_string(cell.network.is_reversed)] += more;
    seen["lost flight " + std::to_string(cell.network.lost_flight)] += more;
  };
  for (const auto& cell : whole_matrix()) note(cell, 0);
  for (const auto& cell : part_of_matrix()) note(cell, 1);
  for (const auto& [what, times] : seen) EXPECT_GE(times, 2) << what;
}

}  // namespace
}  // namespace tlsmodem::test

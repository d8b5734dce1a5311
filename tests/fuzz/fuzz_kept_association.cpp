// The kept form of an association, with 24 bytes of counters in front of it: what is taken is what would be
// written, and goes on as an engine.
#include "daemon/support/byte_codec.hpp"
#include "daemon/tls/association_engine.hpp"
#include "invariants.hpp"

using namespace tlsmodem;

namespace {

void check_sent(tls::engine& engine, const dtls12::sequence_counters& before,
                const dtls12::usage_limits& limits) {
  const auto outcome = engine.send(as_bytes("0123456789"), {});
  const bool has_number = before.write_next < limits.records;
  fuzz::require(outcome == (has_number ? tls::send_outcome::ok : tls::send_outcome::needs_handshake),
                "data go out, or their key is used up");
  const auto& after = engine.association()->counters();
  fuzz::require(after.write_next == before.write_next + (has_number ? 1 : 0), "one number for one record");
  fuzz::require(engine.outgoing().packets() == (has_number ? 1 : 0), "one datagram");
  if (!has_number) return;
  bytes_view datagram = engine.outgoing().front();
  dtls12::record_view record;
  fuzz::require(dtls12::next_record(datagram, engine.info().cid_out.size(), record) && datagram.empty(),
                "a record");
  fuzz::require(record.epoch == 1 && record.sequence == before.write_next,
                "the number is that of the record");
  fuzz::require(record.whole.size() <= 10 + engine.info().cost.worst_case_bytes(), "its cost is known");
  engine.outgoing().clear();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  byte_reader in({data, size});
  dtls12::sequence_counters counters;
  counters.write_next = in.number(8);
  const auto next = in.number(8);
  counters.received = {next, in.number(8)};
  if (!in.is_good()) return 0;
  const bytes_view form = bytes_view{data, size}.subspan(24);
  const auto engine = tls::continue_association(form, counters);
  if (!engine) return 0;
  const secret again = engine->association()->encode();
  fuzz::require(std::ranges::equal(again.view(), form), "what is taken is what would be written");
  fuzz::require(engine->state() == tls::engine_state::established, "it goes on");
  fuzz::require(engine->outgoing().empty() && engine->incoming().empty(), "nothing moves by itself");
  // Behind the version of the form.
  const auto suite = dtls12::make_suite(form[1], form[2], form[3] == 1);
  fuzz::require(suite.has_value(), "a suite");
  check_sent(*engine, counters, dtls12::limits_of(*suite));
  engine->feed(form, {});
  engine->feed_from_elsewhere({data, size}, {});
  engine->on_numbers_reserved({});
  engine->shut({});
  fuzz::require(engine->send(as_bytes("x"), {}) == tls::send_outcome::not_connected,
                "nothing behind the end");
  return 0;
}

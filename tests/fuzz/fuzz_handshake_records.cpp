// The record layer of a handshake between a libssl and a server that both may write anything, also with the
// right keys. What goes out has the next number of its epoch and is genuine; libssl gets nothing but genuine
// protected records, each of them once, and unprotected ones that a server may send.
#include "daemon/dtls12/handshake_filter.hpp"
#include "daemon/dtls12/handshake_records.hpp"
#include "input_reader.hpp"
#include "invariants.hpp"
#include "keys_of_input.hpp"

#include <set>

using namespace tlsmodem;

namespace {

constexpr std::size_t limit = 300;

class peers_of_records {
 public:
  peers_of_records(unsigned form, bytes_view input)
      : agreed_(choose(form)),
        secrets_(fuzz::keys_of_input(agreed_.suite, input)),
        server_(test::server_side(agreed_, secrets_.clone()), {}),
        libssl_writes_(agreed_.suite, secrets_.client.clone()),
        libssl_reads_(agreed_.suite, secrets_.server.clone()),
        records_({agreed_.client_cid, limit, agreed_.padding_block, dtls12::dtls1_2},
                 [this] { return keys(); }) {}

  void step(fuzz::input_reader& in) {
    switch (in.byte() % 9) {
      case 0:
        return receive(in.counted());
      case 1:
        return write(in.counted());
      case 2: {
        const std::size_t size = in.byte();
        const bytes record = test::seal(server_, test::count_up(size), in.byte());
        return receive(changed(record, in));
      }
      case 3: {
        const std::size_t size = in.byte();
        const auto type = static_cast<std::uint8_t>(in.byte() | 1);  // 0 would be padding
        bytes record;
        libssl_writes_.protect(type, 1, in.number(), {}, test::count_up(size), 0, record);
        return write(changed(record, in));
      }
      case 4:
        has_keys_ = !has_keys_;
        return;
      case 5:
        return write(changed(record_of(in, dtls12::dtls1_0), in));
      case 6:
        return receive(changed(record_of(in, dtls12::dtls1_2), in));
      case 7:
        if (in.byte() % 4 == 0) records_.lower_limit(limit - in.byte());
        records_.repeat(network_);
        return check_network();
      default:
        return give_to_libssl(in.byte() % 2 == 0);
    }
  }

 private:
  static test::agreed choose(unsigned form) {
    static const auto suites = test::all_suites();
    test::agreed what;
    what.suite = suites[(form >> 3) % suites.size()];
    if ((form & 1) != 0) what.client_cid = test::count_up(3);
    if ((form & 2) != 0) what.server_cid = test::count_up(20);
    if ((form & 4) != 0) what.padding_block = 64;
    return what;
  }
  static bytes changed(bytes record, fuzz::input_reader& in) {
    const std::size_t at = in.byte();
    const auto flip = in.byte();
    if (!record.empty()) record[at % record.size()] ^= flip;
    return record;
  }
  // A handshake message, whole, in an unprotected record.
  static bytes record_of(fuzz::input_reader& in, std::uint16_t version) {
    const auto type = static_cast<std::uint8_t>(in.byte() % 24);
    const auto seq = static_cast<std::uint16_t>(in.byte());
    const bytes_view body = in.counted();
    bytes record;
    const auto length_at = dtls12::append_header(record, dtls12::handshake, version, 0, in.byte(), {});
    dtls12::append_fragment(record, {type, seq, body.size(), 0, body});
    dtls12::set_length(record, length_at);
    return record;
  }
  std::optional<dtls12::handshake_records::handshake_keys> keys() {
    if (!has_keys_) return std::nullopt;
    return dtls12::handshake_records::handshake_keys{agreed_.suite, secrets_.clone(), agreed_.server_cid};
  }

  void write(bytes_view from_libssl) {
    packet_queue output;
    output.push(from_libssl);
    records_.take(output, network_);
    fuzz::require(output.empty(), "output is left");
    check_network();
  }
  void check_network() {
    for (; !network_.empty(); network_.pop()) check_datagram(network_.front());
  }
  void check_datagram(bytes_view datagram) {
    fuzz::require(!datagram.empty(), "an empty datagram");
    const std::size_t size = datagram.size();
    unsigned records = 0;
    dtls12::record_view record;
    for (; server_.next_record(datagram, record); ++records) {
      if (record.epoch == 0) {
        // Numbers of a flight that could not be sent whole are left out.
        fuzz::require(record.sequence >= next_unprotected_, "a number twice");
        fuzz::require(record.version == dtls12::dtls1_2, "another version");
        next_unprotected_ = record.sequence + 1;
        continue;
      }
      fuzz::require(record.sequence >= next_protected_, "a number twice under the same key");
      next_protected_ = record.sequence + 1;
      fuzz::require(server_.open(record).is == dtls12::verdict::accepted, "the server cannot open a record");
    }
    fuzz::require(datagram.empty(), "something is left after the records");
    fuzz::require(size <= limit || records == 1, "records that need not share a datagram");
  }

  void receive(bytes_view datagram) {
    bytes for_libssl;
    records_.receive(datagram, for_libssl, network_);
    check_network();
    bytes_view rest = for_libssl;
    dtls12::record_view record;
    while (dtls12::next_record(rest, 0, record)) {
      fuzz::require(record.epoch == 0, "libssl was given a protected record as it is");
      const auto kind = dtls12::classify_unprotected(record);
      fuzz::require(kind == dtls12::unprotected_kind::wanted ||
                        kind == dtls12::unprotected_kind::server_hello ||
                        kind == dtls12::unprotected_kind::hello_verify_request,
                    "libssl was given what no server sends");
    }
    fuzz::require(rest.empty(), "records out of nothing");
  }
  void give_to_libssl(bool keys_are_right) {
    bytes given;
    while (records_.next_for_libssl(keys_are_right, given)) {
      bytes_view rest = given;
      dtls12::record_view record;
      std::uint8_t type = 0;
      bytes content;
      fuzz::require(dtls12::next_record(rest, 0, record) && rest.empty(), "not one record");
      fuzz::require(libssl_reads_.unprotect(record, type, content), "libssl cannot open a record");
      fuzz::require(type == dtls12::handshake, "not for libssl");
      fuzz::require(given_.insert(record.sequence).second, "the same record twice");
    }
    fuzz::require(records_.early().size() <= 20, "early data without end");
    for (const auto& early : records_.take_early())
      fuzz::require(early.type == dtls12::application_data || early.type == dtls12::alert, "not for us");
  }

  test::agreed agreed_;
  dtls12::connection_keys secrets_;
  dtls12::association server_;
  dtls12::record_protection libssl_writes_;
  dtls12::record_protection libssl_reads_;
  bool has_keys_ = false;
  dtls12::handshake_records records_;
  packet_queue network_;
  std::uint64_t next_unprotected_ = 0;
  std::uint64_t next_protected_ = 0;
  std::set<std::uint64_t> given_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::input_reader in({data, size});
  peers_of_records peers(static_cast<unsigned>(in.number()), {data, size});
  while (!in.is_at_end()) peers.step(in);
  return 0;
}

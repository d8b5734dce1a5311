// The transcoder between a libssl and a server that both may write anything, also with the right keys. What
// goes out is in epoch 0, or has the next number of our own and is genuine; libssl gets nothing but genuine
// records, and each of them once.
#include "daemon/dtls12/cid_transcoder.hpp"
#include "input_reader.hpp"
#include "invariants.hpp"
#include "keys_of_input.hpp"

#include <set>

using namespace tlsmodem;

namespace {

constexpr std::size_t limit = 300;

class peers_of_transcoder {
 public:
  peers_of_transcoder(unsigned form, bytes_view input)
      : agreed_(choose(form)),
        secrets_(fuzz::keys_of_input(agreed_.suite, input)),
        server_(test::server_side(agreed_, secrets_.clone()), {}),
        libssl_writes_(agreed_.suite, secrets_.client.clone()),
        libssl_reads_(agreed_.suite, secrets_.server.clone()),
        coder_({agreed_.client_cid, limit, agreed_.padding_block}, [this] { return keys(); }) {}

  void step(fuzz::input_reader& in) {
    switch (in.byte() % 6) {
      case 0:
        return receive(in.counted());
      case 1:
        return send(in.counted());
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
        return send(changed(record, in));
      }
      case 4:
        has_keys_ = !has_keys_;
        return;
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
  std::optional<dtls12::cid_transcoder::handshake_keys> keys() {
    if (!has_keys_) return std::nullopt;
    return dtls12::cid_transcoder::handshake_keys{agreed_.suite, secrets_.clone(), agreed_.server_cid};
  }

  void send(bytes_view from_libssl) {
    coder_.send(from_libssl, network_);
    for (; !network_.empty(); network_.pop()) check_datagram(network_.front());
  }
  void check_datagram(bytes_view datagram) {
    fuzz::require(!datagram.empty(), "an empty datagram");
    const std::size_t size = datagram.size();
    unsigned records = 0;
    dtls12::record_view record;
    for (; server_.next_record(datagram, record); ++records) {
      if (record.epoch == 0) continue;
      fuzz::require(record.sequence == next_number_++, "a number that is not ours");
      fuzz::require(server_.open(record).is == dtls12::verdict::accepted, "the server cannot open a record");
    }
    fuzz::require(datagram.empty(), "something is left behind the records");
    fuzz::require(size <= limit || records == 1, "records that need not share a datagram");
  }

  void receive(bytes_view datagram) {
    bytes unprotected;
    coder_.receive(datagram, unprotected);
    bytes_view rest = unprotected;
    dtls12::record_view record;
    while (dtls12::next_record(rest, 0, record))
      fuzz::require(record.epoch == 0, "libssl was given a protected record as it is");
    fuzz::require(rest.empty() && unprotected.size() <= datagram.size(), "records out of nothing");
  }
  void give_to_libssl(bool keys_are_right) {
    bytes given;
    while (coder_.next_for_libssl(keys_are_right, given)) {
      bytes_view rest = given;
      dtls12::record_view record;
      std::uint8_t type = 0;
      bytes content;
      fuzz::require(dtls12::next_record(rest, 0, record) && rest.empty(), "not one record");
      fuzz::require(libssl_reads_.unprotect(record, type, content), "libssl cannot open a record");
      fuzz::require(type == dtls12::handshake, "not for libssl");
      fuzz::require(given_.insert(record.sequence).second, "the same record twice");
    }
    fuzz::require(coder_.early().size() <= 20, "early data without end");
    for (const auto& early : coder_.take_early())
      fuzz::require(early.type == dtls12::application_data || early.type == dtls12::alert, "not for us");
  }

  test::agreed agreed_;
  dtls12::connection_keys secrets_;
  dtls12::association server_;
  dtls12::record_protection libssl_writes_;
  dtls12::record_protection libssl_reads_;
  bool has_keys_ = false;
  dtls12::cid_transcoder coder_;
  packet_queue network_;
  std::uint64_t next_number_ = 0;
  std::set<std::uint64_t> given_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::input_reader in({data, size});
  peers_of_transcoder peers(static_cast<unsigned>(in.number()), {data, size});
  while (!in.is_at_end()) peers.step(in);
  return 0;
}

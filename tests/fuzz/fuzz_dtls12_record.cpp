// A network without keys between the two ends of an association. The first two bytes choose suite and CIDs;
// then come steps, which deliver arbitrary datagrams, or genuine records late, again, or with bytes changed.
// Nothing but genuine records is accepted, and each of them once.
#include "input_reader.hpp"
#include "invariants.hpp"
#include "keys_of_input.hpp"

#include <set>

using namespace tlsmodem;

namespace {

class attacked_association {
 public:
  attacked_association(const test::agreed& what, bytes_view input)
      : ends_(what, fuzz::keys_of_input(what.suite, input)) {}

  void deliver(bytes_view datagram) {
    dtls12::record_view record;
    while (ends_.server.next_record(datagram, record)) {
      const auto opened = ends_.server.open(record);
      if (opened.is != dtls12::verdict::accepted) {
        fuzz::require(opened.content.empty() && !opened.is_newest, "something is left of a refused record");
        continue;
      }
      fuzz::require(genuine_.erase({record.whole.begin(), record.whole.end()}) == 1,
                    "a record was accepted that nobody sent, or twice");
      fuzz::require(opened.content.size() < record.whole.size(), "content out of nothing");
    }
  }
  void seal(std::size_t size, std::uint8_t type) {
    sent_.push_back(test::seal(ends_.client, test::count_up(size), type));
    fuzz::require(!sent_.back().empty(), "a record cannot be sealed");
    genuine_.insert(sent_.back());
  }
  bytes sent(std::size_t which) const { return sent_.empty() ? bytes{} : sent_[which % sent_.size()]; }

 private:
  test::both_ends ends_;
  std::vector<bytes> sent_;
  std::set<bytes> genuine_;
};

void change(bytes& record, fuzz::input_reader& in) {
  for (unsigned changes = in.byte() % 4; changes > 0 && !record.empty(); --changes) {
    const std::size_t at = in.number() % record.size();
    record[at] = static_cast<std::uint8_t>(record[at] ^ in.byte());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto suites = test::all_suites();
  fuzz::input_reader in({data, size});
  test::agreed what;
  what.suite = suites[in.byte() % suites.size()];
  const unsigned form = in.byte();
  if ((form & 1) != 0) what.server_cid = test::count_up(1 + form % 32);
  if ((form & 2) != 0) what.padding_block = 16;
  attacked_association association(what, {data, size});
  while (!in.is_at_end()) {
    switch (in.byte() % 4) {
      case 0:
        association.deliver(in.counted());
        break;
      case 1: {
        const std::size_t content = in.byte();
        association.seal(content, in.byte());
        break;
      }
      case 2: {
        bytes record = association.sent(in.byte());
        change(record, in);
        association.deliver(record);
        break;
      }
      default: {
        // Another length, and its field with it or not.
        bytes record = association.sent(in.byte());
        record.resize(in.number() % (record.size() + 32), in.byte());
        const std::size_t length_at = dtls12::header_bytes - 2 + what.server_cid.size();
        if (in.byte() % 2 == 0 && record.size() >= length_at + 2) dtls12::set_length(record, length_at);
        association.deliver(record);
        break;
      }
    }
  }
  return 0;
}

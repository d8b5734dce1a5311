#include "association_format.hpp"

#include "row_codec.hpp"

#include <algorithm>
#include <array>

namespace tlsmodem {
namespace {

using row_codec::reader;
using row_codec::writer;

constexpr std::uint8_t format_version = 2;
constexpr std::uint8_t clean_flag = 1;

std::array<const std::string*, 5> texts(const association_entry& entry) {
  return {&entry.host, &entry.remote.address, &entry.local.address, &entry.version, &entry.suite};
}

std::size_t encoded_size(const association_entry& entry) {
  constexpr std::size_t numbers = 1 + 8 + 3 * 2 + 2 * 8 + 4 + 8 + 1 + 2 * 8;
  constexpr std::size_t exact_numbers = 3 * sizeof(std::uint64_t);
  std::size_t size = numbers + entry.binding.size();
  for (const auto* text : texts(entry)) size += 1 + text->size();
  if (entry.is_clean) size += exact_numbers;
  return size + 4 + entry.constant.size();
}

void write(writer& out, const net::endpoint& where) {
  out.name(where.address);
  out.number(where.port, 2);
}

net::endpoint read_endpoint(reader& in) {
  net::endpoint where;
  where.address = in.name();
  where.port = static_cast<std::uint16_t>(in.number(2));
  return where;
}

dtls12::sequence_counters read_counters(reader& in) {
  dtls12::sequence_counters counters;
  counters.write_next = in.number(8);
  const auto next = in.number(8);
  counters.received = dtls12::replay_window(next, in.number(8));
  return counters;
}

// What is written and what is read.
bool is_plausible(const association_entry& entry) {
  const bool has_counters = !entry.is_clean || (entry.counters.write_next <= entry.write_reserved &&
                                                entry.counters.received.next() <= entry.read_reserved);
  return entry.id != 0 && entry.write_reserved <= max_sequence_numbers &&
         entry.read_reserved <= max_sequence_numbers && has_counters && can_be_stored(entry);
}

}  // namespace

bool can_be_stored(const association_entry& entry) {
  const auto all = texts(entry);
  return !entry.constant.empty() && entry.constant.size() <= max_association_constant_bytes &&
         row_codec::is_time(entry.made) && row_codec::is_time(entry.expires) && entry.made <= entry.expires &&
         std::all_of(all.begin(), all.end(),
                     [](const auto* text) { return text->size() <= row_codec::max_name_bytes; });
}

secret encode(const association_entry& entry) {
  if (!is_plausible(entry)) return {};
  writer out(encoded_size(entry));
  out.number(format_version, 1);
  out.number(entry.id, 8);
  out.raw(entry.binding);
  out.name(entry.host);
  out.number(entry.port, 2);
  write(out, entry.remote);
  write(out, entry.local);
  out.name(entry.version);
  out.name(entry.suite);
  out.time(entry.made);
  out.time(entry.expires);
  out.number(entry.slot, 4);
  out.number(entry.slot_era, 8);
  out.number(entry.is_clean ? clean_flag : 0U, 1);
  out.number(entry.write_reserved, 8);
  out.number(entry.read_reserved, 8);
  if (entry.is_clean) {
    out.number(entry.counters.write_next, 8);
    out.number(entry.counters.received.next(), 8);
    out.number(entry.counters.received.bits(), 8);
  }
  out.number(entry.constant.size(), 4);
  out.raw(entry.constant.view());
  return secret(out.take());
}

at::result<association_entry> decode_association_entry(bytes_view row) {
  reader in(row);
  if (in.number(1) != format_version) return row_codec::unknown_version();
  association_entry entry;
  entry.id = in.number(8);
  in.array(entry.binding);
  entry.host = in.name();
  entry.port = static_cast<std::uint16_t>(in.number(2));
  entry.remote = read_endpoint(in);
  entry.local = read_endpoint(in);
  entry.version = in.name();
  entry.suite = in.name();
  entry.made = in.time();
  entry.expires = in.time();
  entry.slot = static_cast<std::uint32_t>(in.number(4));
  entry.slot_era = in.number(8);
  const auto flags = in.number(1);
  if (flags > clean_flag) return row_codec::implausible();
  entry.is_clean = flags == clean_flag;
  entry.write_reserved = in.number(8);
  entry.read_reserved = in.number(8);
  if (entry.is_clean) entry.counters = read_counters(in);
  entry.constant = secret(in.raw(in.number(4)));
  if (!in.is_at_end()) return row_codec::cut_row();
  if (!is_plausible(entry)) return row_codec::implausible();
  return entry;
}

}  // namespace tlsmodem

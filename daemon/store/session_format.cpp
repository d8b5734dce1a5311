#include "session_format.hpp"

#include "row_codec.hpp"

#include <algorithm>
#include <array>

namespace tlsmodem {
namespace {

using row_codec::reader;
using row_codec::writer;

constexpr std::uint8_t format_version = 1;
constexpr std::uint8_t ticket_flag = 1;
constexpr std::uint8_t single_use_flag = 2;
constexpr std::uint8_t extended_master_secret_flag = 4;
// Of the handle, with each of its sessions.
constexpr std::uint8_t failed_before_flag = 8;
constexpr unsigned pause_shift = 4;

std::size_t encoded_size(const session_entry& entry) {
  std::size_t size = 1 + entry.binding.size() + 1 + entry.host.size() + 2 + 1 + entry.version.size() + 1 +
                     entry.suite.size() + 1;
  for (const auto& session : entry.sessions) size += 8 + 8 + 1 + 4 + session.state.size();
  return size;
}

std::uint8_t flags_of(const kept_session& session, const offer_record& offers) {
  unsigned flags = static_cast<unsigned>(offers.pause) << pause_shift;
  if (session.is_ticket) flags |= ticket_flag;
  if (session.is_single_use) flags |= single_use_flag;
  if (session.has_extended_master_secret) flags |= extended_master_secret_flag;
  if (offers.failed_before) flags |= failed_before_flag;
  return static_cast<std::uint8_t>(flags);
}

kept_session read_session(reader& in, offer_record& offers) {
  kept_session session;
  session.made = in.time();
  session.expires = in.time();
  const auto flags = in.number(1);
  session.is_ticket = (flags & ticket_flag) != 0;
  session.is_single_use = (flags & single_use_flag) != 0;
  session.has_extended_master_secret = (flags & extended_master_secret_flag) != 0;
  offers = {(flags & failed_before_flag) != 0, static_cast<std::uint8_t>(flags >> pause_shift)};
  session.state = secret(in.raw(in.number(4)));
  return session;
}

bool can_be_stored(const kept_session& session) {
  return !session.state.empty() && session.state.size() <= max_session_state_bytes &&
         row_codec::is_time(session.made) && row_codec::is_time(session.expires);
}

}  // namespace

bool can_be_stored(const session_entry& entry) {
  // How offers went is written with each session.
  if (entry.sessions.empty() && entry.offers != offer_record{}) return false;
  const std::array texts = {&entry.host, &entry.version, &entry.suite};
  return entry.sessions.size() <= max_sessions_of_entry &&
         entry.offers.pause <= offer_record::longest_pause &&
         std::all_of(texts.begin(), texts.end(),
                     [](const auto* text) { return text->size() <= row_codec::max_name_bytes; }) &&
         std::all_of(entry.sessions.begin(), entry.sessions.end(),
                     [](const kept_session& session) { return can_be_stored(session); });
}

secret encode(const session_entry& entry) {
  if (!can_be_stored(entry)) return {};
  writer out(encoded_size(entry));
  out.number(format_version, 1);
  out.raw(entry.binding);
  out.name(entry.host);
  out.number(entry.port, 2);
  out.name(entry.version);
  out.name(entry.suite);
  out.number(entry.sessions.size(), 1);
  for (const auto& session : entry.sessions) {
    out.time(session.made);
    out.time(session.expires);
    out.number(flags_of(session, entry.offers), 1);
    out.number(session.state.size(), 4);
    out.raw(session.state.view());
  }
  return secret(out.take());
}

at::result<session_entry> decode_session_entry(bytes_view row) {
  reader in(row);
  if (in.number(1) != format_version) return row_codec::unknown_version();
  session_entry entry;
  in.array(entry.binding);
  entry.host = in.name();
  entry.port = static_cast<std::uint16_t>(in.number(2));
  entry.version = in.name();
  entry.suite = in.name();
  const auto count = in.number(1);
  if (count > max_sessions_of_entry) return row_codec::implausible();
  bool is_one_record = true;
  for (std::uint64_t i = 0; i < count && in.is_good(); ++i) {
    offer_record offers;
    entry.sessions.push_back(read_session(in, offers));
    is_one_record = is_one_record && (i == 0 || offers == entry.offers);
    entry.offers = offers;
  }
  if (!in.is_at_end()) return row_codec::cut_row();
  if (!is_one_record || !can_be_stored(entry)) return row_codec::implausible();
  return entry;
}

}  // namespace tlsmodem

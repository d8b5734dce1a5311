// The sessions of a row: what is taken is written back as the same bytes, and nothing else is taken.
#include "daemon/store/session_format.hpp"
#include "daemon/tls/resumption.hpp"

#include <algorithm>
#include <cstdlib>

using namespace tlsmodem;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto entry = decode_session_entry({data, size});
  if (!entry) return 0;
  if (entry->sessions.size() > max_sessions_of_entry) std::abort();
  const auto again = encode(*entry);
  if (!std::ranges::equal(again.view(), bytes_view(data, size))) std::abort();
  for (const auto& session : entry->sessions) tls::parse_session(session.state.view());
  return 0;
}

// What AT#TINFO tells of a socket.
#include "protocol/hex.hpp"
#include "protocol/limits.hpp"
#include "socket_machine.hpp"

#include <algorithm>

namespace tlsmodem {
namespace {

using lines = std::vector<std::pair<std::string, std::string>>;

std::string number(std::uint64_t n) { return std::to_string(n); }

std::string alert_number(const std::optional<tls::alert>& alert) {
  return alert ? std::to_string(alert->level) + "," + std::to_string(alert->description) : "-1";
}

void add_association(lines& out, const tls::engine_info& info) {
  out.emplace_back("version", at::quote(info.version));
  out.emplace_back("suite", at::quote(info.suite));
  out.emplace_back("how", info.is_continued ? "2" : info.resumed ? "1" : "0");
  out.emplace_back("alert_in", alert_number(info.alert_received));
  out.emplace_back("alert_out", alert_number(info.alert_sent));
  out.emplace_back("verify", at::quote(info.verify_result));
  out.emplace_back("peer_subject", at::quote(info.peer_subject));
  out.emplace_back("peer_sha256", at::quote(info.peer_sha256));
  out.emplace_back("alpn", at::quote(info.alpn));
  // An association that is continued does not say how it was made.
  if (info.handshake_done && !info.is_continued)
    out.emplace_back("ems", info.extended_master_secret ? "1" : "0");
  if (info.has_cid) out.emplace_back("cid_in", at::quote(lower_hex(info.cid_in)));
  if (info.has_cid) out.emplace_back("cid_out", at::quote(lower_hex(info.cid_out)));
  out.emplace_back("ignored_records", number(info.ignored_records));
  out.emplace_back("flights", number(info.flights));
  out.emplace_back("retransmissions", number(info.retransmissions));
  out.emplace_back("ignored_client_hellos", number(info.ignored_client_hellos));
}

}  // namespace

std::size_t socket_machine::datagram_limit() const {
  return profile_.mtu_bytes != 0 ? profile_.mtu_bytes : path_limit_bytes_;
}

// 1, or 0 and why not.
std::string socket_machine::resumable() const {
  if (!sessions_) return R"(0,"the option resume is 0")";
  const auto next = sessions_->next_handshake();
  if (next == socket_sessions::prospect::abbreviated) return "1";
  if (next == socket_sessions::prospect::pausing) return R"(0,"the server did not take the last ones")";
  const auto& info = engine_->info();
  if (!info.is_continued && !info.extended_master_secret)
    return R"(0,"the server does not use the extended master secret")";
  return R"(0,"the server has given no session")";
}

std::vector<std::pair<std::string, std::string>> socket_machine::info() const {
  lines out;
  out.emplace_back("state", at::quote(at::name_of(state())));
  out.emplace_back("proto", at::quote(name_of(profile_.protocol)));
  if (engine_ && profile_.is_secure()) add_association(out, engine_->info());
  if (engine_ && profile_.is_secure()) {
    out.emplace_back("fallback", at::quote(offer_.fallback()));
    if (engine_->info().handshake_done) out.emplace_back("resumable", resumable());
  }
  if (!handle_.empty() && profile_.is_datagram())
    out.emplace_back("shared_session", sessions_->shares_session() ? "1" : "0");
  // Nothing renegotiates: the records are those of the only handshake.
  if (engine_ && engine_->association() != nullptr) out.emplace_back("epoch", "1");
  if (engine_) out.emplace_back("remote", at::quote(remote_.address) + "," + number(remote_.port));
  if (local_.port != 0) out.emplace_back("local", at::quote(local_.address) + "," + number(local_.port));
  if (engine_) out.emplace_back("handshake_ms", std::to_string(handshake_took_.count()));
  if (!handle_.empty()) out.emplace_back("handle", at::quote(handle_));
  if (engine_ && profile_.is_datagram()) {
    const auto limit = datagram_limit();
    out.emplace_back("mtu", number(limit));
    // One record is one datagram, and it holds no more than this however wide the path is.
    const auto inner = engine_->info().cost.largest_content(limit);
    out.emplace_back("inner_mtu", number(std::min(inner, at::max_datagram_bytes)));
  }
  out.emplace_back("bytes_sent", number(bytes_sent_));
  out.emplace_back("bytes_received", number(bytes_received_));
  out.emplace_back("buffered", number(received_.unread_bytes()));
  if (profile_.is_datagram()) out.emplace_back("dropped", number(received_.dropped_datagrams()));
  return out;
}

}  // namespace tlsmodem

#include "global_state.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <avsystem/commons/avs_addrinfo.h>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

struct avs_net_addrinfo_struct {
  std::vector<avs_net_resolved_endpoint_t> found;
  std::size_t next = 0;
};

namespace {

int native(avs_net_af_t family) {
  if (family == AVS_NET_AF_INET4) return AF_INET;
  return family == AVS_NET_AF_INET6 ? AF_INET6 : AF_UNSPEC;
}

addrinfo hints_for(avs_net_socket_type_t socket_type, avs_net_af_t family, int flags) {
  bool is_stream = socket_type == AVS_NET_TCP_SOCKET || socket_type == AVS_NET_SSL_SOCKET;
  addrinfo hints{};
  hints.ai_socktype = is_stream ? SOCK_STREAM : SOCK_DGRAM;
  hints.ai_family = native(family);
  if (flags & AVS_NET_ADDRINFO_RESOLVE_F_PASSIVE) hints.ai_flags |= AI_PASSIVE;
  if (flags & AVS_NET_ADDRINFO_RESOLVE_F_V4MAPPED && family != AVS_NET_AF_INET4) {
    hints.ai_family = AF_INET6;
    hints.ai_flags |= AI_V4MAPPED | AI_ALL;
  }
  // Never AI_ADDRCONFIG: a machine that tests may have no address but loopback's, which that does not count.
  return hints;
}

std::optional<in_port_t> parse_port(const char* text) {
  std::string_view digits = text ? text : "";
  if (digits.empty()) return in_port_t{0};
  in_port_t port = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return port;
}

avs_net_resolved_endpoint_t endpoint_of(const addrinfo& one, in_port_t port) {
  avs_net_resolved_endpoint_t endpoint{};
  auto offset =
      one.ai_family == AF_INET ? offsetof(sockaddr_in, sin_port) : offsetof(sockaddr_in6, sin6_port);
  auto in_network_order = htons(port);
  endpoint.size = static_cast<std::uint8_t>(one.ai_addrlen);
  std::memcpy(endpoint.data.buf, one.ai_addr, one.ai_addrlen);
  std::memcpy(endpoint.data.buf + offset, &in_network_order, sizeof in_network_order);
  return endpoint;
}

bool are_equal(const avs_net_resolved_endpoint_t& one, const avs_net_resolved_endpoint_t& other) {
  return one.size == other.size && std::memcmp(one.data.buf, other.data.buf, one.size) == 0;
}

// Without a family there is none, as in the library: an empty name is not found.
const char* any_address(avs_net_af_t family) {
  if (family == AVS_NET_AF_INET4) return "0.0.0.0";
  return family == AVS_NET_AF_INET6 ? "::" : "";
}

}  // namespace

avs_net_addrinfo_t* avs_net_addrinfo_resolve_ex(avs_net_socket_type_t socket_type, avs_net_af_t family,
                                                const char* host, const char* port, int flags,
                                                const avs_net_resolved_endpoint_t* preferred_endpoint) {
  auto number = parse_port(port);
  if (!number || avs_is_err(tlsmodem::test::ensure_global_state())) return nullptr;
  auto hints = hints_for(socket_type, family, flags);
  addrinfo* answers = nullptr;
  const auto* name = host && *host ? host : any_address(family);
  if (::getaddrinfo(name, nullptr, &hints, &answers) != 0) return nullptr;
  auto* made = new avs_net_addrinfo_t;
  for (const auto* one = answers; one; one = one->ai_next) made->found.push_back(endpoint_of(*one, *number));
  ::freeaddrinfo(answers);
  // The library shuffles the others; a test is better off with one order.
  if (preferred_endpoint)
    std::stable_partition(made->found.begin(), made->found.end(),
                          [&](const auto& one) { return are_equal(one, *preferred_endpoint); });
  return made;
}

avs_net_addrinfo_t* avs_net_addrinfo_resolve(avs_net_socket_type_t socket_type, avs_net_af_t family,
                                             const char* host, const char* port,
                                             const avs_net_resolved_endpoint_t* preferred_endpoint) {
  return avs_net_addrinfo_resolve_ex(socket_type, family, host, port, 0, preferred_endpoint);
}

int avs_net_addrinfo_next(avs_net_addrinfo_t* ctx, avs_net_resolved_endpoint_t* out) {
  if (ctx->next == ctx->found.size()) return AVS_NET_ADDRINFO_END;
  *out = ctx->found[ctx->next++];
  return 0;
}

void avs_net_addrinfo_delete(avs_net_addrinfo_t** ctx) {
  if (!ctx) return;
  delete *ctx;
  *ctx = nullptr;
}

avs_error_t avs_net_resolved_endpoint_get_host_port(const avs_net_resolved_endpoint_t* endp, char* host,
                                                    size_t hostlen, char* serv, size_t servlen) {
  const auto* address = reinterpret_cast<const sockaddr*>(endp->data.buf);
  if (::getnameinfo(address, endp->size, host, static_cast<socklen_t>(hostlen), serv,
                    static_cast<socklen_t>(servlen), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
    return avs_errno(AVS_ENOSPC);
  // An IPv4 address is shown as one, whatever socket it came from.
  constexpr std::string_view mapped = "::ffff:";
  std::string_view shown = host ? host : "";
  if (shown.starts_with(mapped) && shown.find('.') != shown.npos)
    std::memmove(host, host + mapped.size(), shown.size() - mapped.size() + 1);
  return AVS_OK;
}

#ifndef AVS_DOUBLE_ADDRINFO_H
#define AVS_DOUBLE_ADDRINFO_H

#include <avsystem/commons/avs_defs.h>
#include <avsystem/commons/avs_socket.h>

#define AVS_NET_ADDRINFO_END 1

#define AVS_NET_ADDRINFO_RESOLVE_F_PASSIVE 1
#define AVS_NET_ADDRINFO_RESOLVE_F_V4MAPPED 2
#define AVS_NET_ADDRINFO_RESOLVE_F_NOADDRCONFIG 4

typedef struct avs_net_addrinfo_struct avs_net_addrinfo_t;

#ifdef __cplusplus
extern "C" {
#endif

avs_net_addrinfo_t* avs_net_addrinfo_resolve_ex(avs_net_socket_type_t socket_type, avs_net_af_t family,
                                                const char* host, const char* port, int flags,
                                                const avs_net_resolved_endpoint_t* preferred_endpoint);
avs_net_addrinfo_t* avs_net_addrinfo_resolve(avs_net_socket_type_t socket_type, avs_net_af_t family,
                                             const char* host, const char* port,
                                             const avs_net_resolved_endpoint_t* preferred_endpoint);
int avs_net_addrinfo_next(avs_net_addrinfo_t* ctx, avs_net_resolved_endpoint_t* out);
void avs_net_addrinfo_delete(avs_net_addrinfo_t** ctx);

avs_error_t avs_net_resolved_endpoint_get_host_port(const avs_net_resolved_endpoint_t* endp, char* host,
                                                    size_t hostlen, char* serv, size_t servlen);

static inline avs_error_t avs_net_resolved_endpoint_get_host(const avs_net_resolved_endpoint_t* endp,
                                                             char* host, size_t hostlen) {
  return avs_net_resolved_endpoint_get_host_port(endp, host, hostlen, NULL, 0);
}

#ifdef __cplusplus
}
#endif

#endif

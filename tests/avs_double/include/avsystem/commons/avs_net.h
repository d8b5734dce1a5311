#ifndef AVS_DOUBLE_NET_H
#define AVS_DOUBLE_NET_H

#include <avsystem/commons/avs_addrinfo.h>
#include <avsystem/commons/avs_defs.h>
#include <avsystem/commons/avs_socket.h>

#endif

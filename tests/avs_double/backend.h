// What the library takes from its TLS backend. Hidden, as there: a backend in a shared library does not link.
#pragma once

#include <avsystem/commons/avs_errno.h>
#include <avsystem/commons/avs_socket.h>

#pragma GCC visibility push(hidden)
extern "C" {

avs_error_t _avs_net_initialize_global_ssl_state();
void _avs_net_cleanup_global_ssl_state();
void _avs_crypto_cleanup_global_state();
avs_error_t _avs_net_create_ssl_socket(avs_net_socket_t** socket, const void* config);
avs_error_t _avs_net_create_dtls_socket(avs_net_socket_t** socket, const void* config);
}
#pragma GCC visibility pop

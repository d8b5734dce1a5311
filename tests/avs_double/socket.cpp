#include "backend.h"
#include "global_state.hpp"

#include <avsystem/commons/avs_socket.h>
#include <avsystem/commons/avs_socket_v_table.h>
#include <cassert>

using table = avs_net_socket_v_table_t;

namespace {

// What else is in the object only its backend knows.
const table& table_of(const avs_net_socket_t* socket) {
  return **reinterpret_cast<const table* const*>(socket);
}

template <auto Entry, typename... Arguments>
avs_error_t call(avs_net_socket_t* socket, Arguments... arguments) {
  auto entry = table_of(socket).*Entry;
  return entry ? entry(socket, arguments...) : avs_errno(AVS_ENOTSUP);
}

avs_error_t create(avs_net_socket_t** socket, const avs_net_ssl_configuration_t* config,
                   avs_error_t (*backend)(avs_net_socket_t**, const void*)) {
  if (!config->prng_ctx) return avs_errno(AVS_EINVAL);
  auto started = tlsmodem::test::ensure_global_state();
  if (avs_is_err(started)) return started;
  avs_net_socket_cleanup(socket);
  return backend(socket, config);
}

}  // namespace

const avs_time_duration_t AVS_NET_SOCKET_DEFAULT_RECV_TIMEOUT = {30, 0};

avs_error_t avs_net_ssl_socket_create(avs_net_socket_t** socket, const avs_net_ssl_configuration_t* config) {
  return create(socket, config, _avs_net_create_ssl_socket);
}

avs_error_t avs_net_dtls_socket_create(avs_net_socket_t** socket, const avs_net_ssl_configuration_t* config) {
  return create(socket, config, _avs_net_create_dtls_socket);
}

avs_error_t avs_net_socket_connect(avs_net_socket_t* socket, const char* host, const char* port) {
  return call<&table::connect>(socket, host, port);
}

avs_error_t avs_net_socket_decorate(avs_net_socket_t* socket, avs_net_socket_t* backend_socket) {
  return call<&table::decorate>(socket, backend_socket);
}

avs_error_t avs_net_socket_send(avs_net_socket_t* socket, const void* buffer, size_t buffer_length) {
  return call<&table::send>(socket, buffer, buffer_length);
}

avs_error_t avs_net_socket_send_to(avs_net_socket_t* socket, const void* buffer, size_t buffer_length,
                                   const char* host, const char* port) {
  return call<&table::send_to>(socket, buffer, buffer_length, host, port);
}

avs_error_t avs_net_socket_receive(avs_net_socket_t* socket, size_t* out_bytes_received, void* buffer,
                                   size_t buffer_length) {
  return call<&table::receive>(socket, out_bytes_received, buffer, buffer_length);
}

avs_error_t avs_net_socket_receive_from(avs_net_socket_t* socket, size_t* out_bytes_received, void* buffer,
                                        size_t buffer_length, char* host, size_t host_size, char* port,
                                        size_t port_size) {
  return call<&table::receive_from>(socket, out_bytes_received, buffer, buffer_length, host, host_size, port,
                                    port_size);
}

avs_error_t avs_net_socket_bind(avs_net_socket_t* socket, const char* address, const char* port) {
  return call<&table::bind>(socket, address, port);
}

avs_error_t avs_net_socket_accept(avs_net_socket_t* server_socket, avs_net_socket_t* client_socket) {
  return call<&table::accept>(server_socket, client_socket);
}

avs_error_t avs_net_socket_close(avs_net_socket_t* socket) { return call<&table::close>(socket); }

avs_error_t avs_net_socket_shutdown(avs_net_socket_t* socket) { return call<&table::shutdown>(socket); }

avs_error_t avs_net_socket_cleanup(avs_net_socket_t** socket) {
  if (!*socket) return AVS_OK;
  auto cleanup = table_of(*socket).cleanup;
  assert(cleanup);
  return cleanup(socket);
}

const void* avs_net_socket_get_system(avs_net_socket_t* socket) {
  auto get_system = table_of(socket).get_system_socket;
  return get_system ? get_system(socket) : nullptr;
}

avs_error_t avs_net_socket_interface_name(avs_net_socket_t* socket,
                                          avs_net_socket_interface_name_t* if_name) {
  return call<&table::get_interface_name>(socket, if_name);
}

avs_error_t avs_net_socket_get_remote_host(avs_net_socket_t* socket, char* out_buffer,
                                           size_t out_buffer_size) {
  return call<&table::get_remote_host>(socket, out_buffer, out_buffer_size);
}

avs_error_t avs_net_socket_get_remote_hostname(avs_net_socket_t* socket, char* out_buffer,
                                               size_t out_buffer_size) {
  return call<&table::get_remote_hostname>(socket, out_buffer, out_buffer_size);
}

avs_error_t avs_net_socket_get_remote_port(avs_net_socket_t* socket, char* out_buffer,
                                           size_t out_buffer_size) {
  return call<&table::get_remote_port>(socket, out_buffer, out_buffer_size);
}

avs_error_t avs_net_socket_get_local_host(avs_net_socket_t* socket, char* out_buffer,
                                          size_t out_buffer_size) {
  return call<&table::get_local_host>(socket, out_buffer, out_buffer_size);
}

avs_error_t avs_net_socket_get_local_port(avs_net_socket_t* socket, char* out_buffer,
                                          size_t out_buffer_size) {
  return call<&table::get_local_port>(socket, out_buffer, out_buffer_size);
}

avs_error_t avs_net_socket_get_opt(avs_net_socket_t* socket, avs_net_socket_opt_key_t option_key,
                                   avs_net_socket_opt_value_t* out_option_value) {
  return call<&table::get_opt>(socket, option_key, out_option_value);
}

avs_error_t avs_net_socket_set_opt(avs_net_socket_t* socket, avs_net_socket_opt_key_t option_key,
                                   avs_net_socket_opt_value_t option_value) {
  return call<&table::set_opt>(socket, option_key, option_value);
}

// The border to C: what avs_net links, and the v-table of the sockets that it gets. No exception crosses it.
#include "guarded.hpp"
#include "secure_socket.hpp"

#include <algorithm>
#include <avsystem/commons/avs_socket_v_table.h>
#include <cstring>

namespace tlsmodem::avs {
namespace {

// What the application holds. avs_net reads the v-table's address from the first member.
struct handed_out {
  const avs_net_socket_v_table_t* v_table;
  secure_socket* socket;
};

secure_socket& unwrap(avs_net_socket_t* socket) { return *reinterpret_cast<handed_out*>(socket)->socket; }

avs_error_t connect(avs_net_socket_t* socket, const char* host, const char* port) {
  return guarded([&] { return unwrap(socket).connect(host, port); });
}

avs_error_t bind(avs_net_socket_t* socket, const char* address, const char* port) {
  return guarded([&] { return unwrap(socket).bind(address, port); });
}

avs_error_t send(avs_net_socket_t* socket, const void* buffer, std::size_t size) {
  return guarded([&] { return unwrap(socket).send({static_cast<const std::uint8_t*>(buffer), size}); });
}

avs_error_t receive(avs_net_socket_t* socket, std::size_t* received, void* buffer, std::size_t size) {
  *received = 0;
  return guarded([&] {
    return unwrap(socket).receive({static_cast<std::uint8_t*>(buffer), size}, *received);
  });
}

avs_error_t close(avs_net_socket_t* socket) {
  return guarded([&] {
    unwrap(socket).close();
    return AVS_OK;
  });
}

avs_error_t shutdown(avs_net_socket_t* socket) {
  return guarded([&] { return unwrap(socket).shutdown(); });
}

avs_error_t cleanup(avs_net_socket_t** socket) {
  if (socket == nullptr || *socket == nullptr) return AVS_OK;
  auto* const held = reinterpret_cast<handed_out*>(*socket);
  const auto outcome = close(*socket);
  delete held->socket;
  delete held;
  *socket = nullptr;
  return outcome;
}

const void* get_system(avs_net_socket_t* socket) { return unwrap(socket).system_socket(); }

// Errors: EBADF there is none, ERANGE it does not fit.
avs_error_t copy_out(const std::optional<std::string>& text, char* into, std::size_t size) {
  if (!text) return error_of(AVS_EBADF);
  if (text->size() >= size) return error_of(AVS_ERANGE);
  std::memcpy(into, text->c_str(), text->size() + 1);
  return AVS_OK;
}

template <std::optional<std::string> (secure_socket::*Member)() const>
avs_error_t get_text(avs_net_socket_t* socket, char* into, std::size_t size) {
  return guarded([&] { return copy_out((unwrap(socket).*Member)(), into, size); });
}

avs_error_t get_interface(avs_net_socket_t* socket, avs_net_socket_interface_name_t* into) {
  return guarded([&] {
    std::string name;
    const auto wrong = unwrap(socket).interface_name(name);
    return avs_is_err(wrong) ? wrong : copy_out(name, *into, sizeof *into);
  });
}

avs_error_t get_opt(avs_net_socket_t* socket, avs_net_socket_opt_key_t key,
                    avs_net_socket_opt_value_t* into) {
  return guarded([&] { return unwrap(socket).option(key, *into); });
}

avs_error_t set_opt(avs_net_socket_t* socket, avs_net_socket_opt_key_t key,
                    avs_net_socket_opt_value_t value) {
  return guarded([&] { return unwrap(socket).set_option(key, value); });
}

// What is left out avs_net answers with ENOTSUP: decorate and accept, which a modem without servers and
// carried transports cannot do, and the two calls of sockets without a connection.
const avs_net_socket_v_table_t v_table = [] {
  avs_net_socket_v_table_t table{};
  table.connect = connect;
  table.send = send;
  table.receive = receive;
  table.bind = bind;
  table.close = close;
  table.shutdown = shutdown;
  table.cleanup = cleanup;
  table.get_system_socket = get_system;
  table.get_interface_name = get_interface;
  table.get_remote_host = get_text<&secure_socket::remote_host>;
  table.get_remote_hostname = get_text<&secure_socket::remote_hostname>;
  table.get_remote_port = get_text<&secure_socket::remote_port>;
  table.get_local_host = get_text<&secure_socket::local_host>;
  table.get_local_port = get_text<&secure_socket::local_port>;
  table.get_opt = get_opt;
  table.set_opt = set_opt;
  return table;
}();

avs_error_t create(avs_net_socket_t** into, const void* configuration, transport over) {
  return guarded([&] {
    std::unique_ptr<secure_socket> made;
    const auto wrong =
        secure_socket::create(*static_cast<const avs_net_ssl_configuration_t*>(configuration), over, made);
    if (avs_is_err(wrong)) return wrong;
    auto held = std::make_unique<handed_out>(handed_out{&v_table, made.get()});
    static_cast<void>(made.release());  // of the holder now
    *into = reinterpret_cast<avs_net_socket_t*>(held.release());
    return AVS_OK;
  });
}

}  // namespace
}  // namespace tlsmodem::avs

extern "C" {

const avs_net_dtls_handshake_timeouts_t AVS_NET_SOCKET_DEFAULT_DTLS_HANDSHAKE_TIMEOUTS = {{1, 0}, {60, 0}};

// avs_net declares these in headers that it does not install, and chose their names.
// NOLINTBEGIN(readability-identifier-naming)
avs_error_t _avs_net_initialize_global_ssl_state(void);
void _avs_net_cleanup_global_ssl_state(void);
avs_error_t _avs_net_create_ssl_socket(avs_net_socket_t** socket, const void* configuration);
avs_error_t _avs_net_create_dtls_socket(avs_net_socket_t** socket, const void* configuration);
void _avs_crypto_cleanup_global_state(void);

// There is no global state: each socket finds the modem by itself, so a process may fork, exec and close
// descriptors as it likes.
avs_error_t _avs_net_initialize_global_ssl_state(void) { return AVS_OK; }
void _avs_net_cleanup_global_ssl_state(void) {}
void _avs_crypto_cleanup_global_state(void) {}

avs_error_t _avs_net_create_ssl_socket(avs_net_socket_t** socket, const void* configuration) {
  return tlsmodem::avs::create(socket, configuration, tlsmodem::avs::transport::stream);
}

avs_error_t _avs_net_create_dtls_socket(avs_net_socket_t** socket, const void* configuration) {
  return tlsmodem::avs::create(socket, configuration, tlsmodem::avs::transport::datagram);
}

// NOLINTEND(readability-identifier-naming)

void avs_crypto_clear_buffer(void* buffer, size_t size) { tlsmodem::wipe(buffer, size); }
}

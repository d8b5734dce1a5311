// What the modem's errors and TLS alerts are called in avs_net.
//
// Causes outside of TLS are errno values, alerts of the peer are avs_net_ssl_alert(), everything else that
// TLS refuses has the category of a TLS library's errors and the number that Mbed TLS uses for it, which
// Anjay's applications know.
#pragma once

#include "protocol/error.hpp"

#include <avsystem/commons/avs_socket.h>
#include <cstdint>

namespace tlsmodem::avs {

// What the application called. A refused credential fails a create; a peer that is gone is told otherwise by
// receive() than by connect(); the engine has nothing to do with TLS.
enum class call : std::uint8_t { create, bind, connect, send, receive, engine };

// `alert`: the description of the alert that was received, or sent when we refused; -1 for none.
avs_error_t error_of(at::error code, int alert, call during);

inline avs_error_t error_of(avs_errno_t number) { return avs_errno(number); }

}  // namespace tlsmodem::avs

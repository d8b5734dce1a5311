/* A socket of the modem for programs in C: connect, send and receive with deadlines.
 *
 *   tlsmodem_socket *s = tlsmodem_socket_new(NULL);
 *   tlsmodem_set_text(s, "psk", "1");
 *   tlsmodem_add_credential(s, 1, TLSMODEM_PSK, key, sizeof key, NULL);
 *   tlsmodem_add_credential(s, 1, TLSMODEM_PSK_IDENTITY, "device", 6, NULL);
 *   if (tlsmodem_connect(s, "coap.example", 5684, NULL, 60000) == 0) tlsmodem_send(s, request, size, 1000);
 *
 * The calls that return an int return 0 or the number of an error of the modem's protocol (800 the name was
 * not resolved, 804 a time limit, 805 an alert ...); tlsmodem_error_text() says it in a sentence. Times are
 * milliseconds; a negative one is no limit. One thread at a time may use a socket, several may use several.
 *
 * A modem that is not there, or restarts, is waited for, at most 5 seconds: by bind and connect within their
 * timeout, by the first call on a connected socket beyond it, if the next modem may go on with the
 * connection.
 */
#ifndef TLSMODEM_H
#define TLSMODEM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TLSMODEM_API __attribute__((visibility("default")))

typedef struct tlsmodem_socket tlsmodem_socket;

/* Types of credentials. */
enum {
  TLSMODEM_TRUSTED = 0,
  TLSMODEM_OWN_CHAIN = 1,
  TLSMODEM_PRIVATE_KEY = 2,
  TLSMODEM_PSK = 3,
  TLSMODEM_PSK_IDENTITY = 4,
  TLSMODEM_REVOCATION_LISTS = 5,
  TLSMODEM_KEY_URI = 6 /* PKCS #11 URI of a private key in a token of the daemon */
};

/* What tlsmodem_receive() tells of what it received. */
enum {
  TLSMODEM_TRUNCATED = 1, /* the datagram was longer than the buffer, and its rest is lost; with TLSMODEM_END:
                             the stream ended without close_notify, so somebody may have cut it */
  TLSMODEM_END = 2        /* the peer ended the connection; nothing was received */
};

/* `path`: of the daemon's socket; NULL for $TLSMODEM_SOCKET, else that of the service. Nothing is opened yet.
 * NULL when there is no memory. */
TLSMODEM_API tlsmodem_socket* tlsmodem_socket_new(const char* path);
/* Closes the connection silently. NULL does nothing. */
TLSMODEM_API void tlsmodem_socket_free(tlsmodem_socket* socket);

/* Options of the profile, as AT#TCFG takes them, from the next connect on. */
TLSMODEM_API int tlsmodem_set_text(tlsmodem_socket* socket, const char* option, const char* value);
TLSMODEM_API int tlsmodem_set_number(tlsmodem_socket* socket, const char* option, int64_t value);
/* A credential that lives with this socket; only before the first bind or connect (error 3 behind it). It is
 * copied, and wiped with the socket. `password` of an encrypted key, else NULL. */
TLSMODEM_API int tlsmodem_add_credential(tlsmodem_socket* socket, int64_t tag, int type, const void* content,
                                         size_t size, const char* password);

TLSMODEM_API int tlsmodem_bind(tlsmodem_socket* socket, const char* address, uint16_t port, int timeout_ms);
/* `handle`: tlsmodem_handle() of an earlier connection, to resume it; else NULL. */
TLSMODEM_API int tlsmodem_connect(tlsmodem_socket* socket, const char* host, uint16_t port,
                                  const char* handle, int timeout_ms);
/* One datagram, or all of the bytes. */
TLSMODEM_API int tlsmodem_send(tlsmodem_socket* socket, const void* data, size_t size, int timeout_ms);
/* The next datagram, or some bytes. `received` and `flags` are always set; `flags` may be NULL. */
TLSMODEM_API int tlsmodem_receive(tlsmodem_socket* socket, void* buffer, size_t size, size_t* received,
                                  int* flags, int timeout_ms);
/* Ends the connection and keeps the configuration; with `silent` nothing goes to the peer of a datagram
 * socket. */
TLSMODEM_API void tlsmodem_close(tlsmodem_socket* socket, int silent, int timeout_ms);

/* A descriptor that is readable when there is something to receive; -1 before the first bind or connect. It
 * belongs to the socket and stays the same. */
TLSMODEM_API int tlsmodem_fd(const tlsmodem_socket* socket);
/* 0 full handshake, 1 resumed, 2 continued; -1 not connected. */
TLSMODEM_API int tlsmodem_how(const tlsmodem_socket* socket);
/* Of the connection; "" for none. Valid until the next call. */
TLSMODEM_API const char* tlsmodem_handle(const tlsmodem_socket* socket);
/* The alert that came with the last failed connect or receive (RFC 8446 B.2), else -1. */
TLSMODEM_API int tlsmodem_alert(const tlsmodem_socket* socket);
/* Of the last call that failed; "" for none. Valid until the next call. */
TLSMODEM_API const char* tlsmodem_error_text(const tlsmodem_socket* socket);

#ifdef __cplusplus
}
#endif

#endif

/* c_api_test_main PATH: every function of tlsmodem.h, against the modem that listens on PATH. What each call
 * gave is printed, one line each. */
#include "client-shim/client/tlsmodem.h"

#include <stdio.h>
#include <string.h>

enum { patience_ms = 60000 };

static void tell(const char* call, int result, const tlsmodem_socket* socket) {
  printf("%s %d [%s]\n", call, result, result != 0 ? tlsmodem_error_text(socket) : "");
}

static void tell_received(tlsmodem_socket* socket, size_t room, int timeout_ms) {
  char buffer[64];
  size_t size = 99;
  int flags = 99;
  const int result = tlsmodem_receive(socket, buffer, room, &size, &flags, timeout_ms);
  printf("receive %d %d [%.*s]\n", result, flags, (int)size, buffer);
}

int main(int argc, char** argv) {
  static const char key[] = "k\0y";
  char handle[64];
  size_t size = 99;
  tlsmodem_socket* const socket = tlsmodem_socket_new(argc > 1 ? argv[1] : NULL);
  if (socket == NULL) return 1;

  printf("new %d %d %d [%s]\n", tlsmodem_fd(socket), tlsmodem_how(socket), tlsmodem_alert(socket),
         tlsmodem_handle(socket));
  tell("set_text", tlsmodem_set_text(socket, "psk", "2"), socket);
  tell("set_text", tlsmodem_set_text(socket, "psk", "1"), socket);
  tell("set_number", tlsmodem_set_number(socket, "dscp", 46), socket);
  tell("no type", tlsmodem_add_credential(socket, 1, 7, key, sizeof key - 1, NULL), socket);
  tell("no tag", tlsmodem_add_credential(socket, -1, TLSMODEM_PSK, key, sizeof key - 1, NULL), socket);
  tell("key", tlsmodem_add_credential(socket, 1, TLSMODEM_PSK, key, sizeof key - 1, NULL), socket);
  tell("sealed", tlsmodem_add_credential(socket, 2, TLSMODEM_PRIVATE_KEY, "pem", 3, "word"), socket);
  tell("send before", tlsmodem_send(socket, "x", 1, patience_ms), socket);
  tell("receive before", tlsmodem_receive(socket, handle, sizeof handle, &size, NULL, patience_ms), socket);
  tell("late key", tlsmodem_add_credential(socket, 1, TLSMODEM_PSK, key, sizeof key - 1, NULL), socket);
  tell("bind", tlsmodem_bind(socket, "127.0.0.1", 4000, patience_ms), socket);
  tell("refused", tlsmodem_connect(socket, "refused.example", 5684, NULL, patience_ms), socket);
  printf("alert %d how %d\n", tlsmodem_alert(socket), tlsmodem_how(socket));

  tell("connect", tlsmodem_connect(socket, "coap.example", 5684, NULL, patience_ms), socket);
  printf("fd %d how %d alert %d\n", tlsmodem_fd(socket) >= 0, tlsmodem_how(socket), tlsmodem_alert(socket));
  tell("send", tlsmodem_send(socket, "a\0b", 3, patience_ms), socket);
  tell_received(socket, 64, patience_ms);
  tell_received(socket, 4, patience_ms); /* of more */
  tell_received(socket, 64, 0);          /* of nothing */
  snprintf(handle, sizeof handle, "%s", tlsmodem_handle(socket));
  printf("handle %s\n", handle);
  tlsmodem_close(socket, 1, patience_ms);
  printf("closed %d %d\n", tlsmodem_fd(socket) >= 0, tlsmodem_how(socket));

  tell("again", tlsmodem_connect(socket, "other.example", 5684, handle, -1), socket);
  printf("how %d\n", tlsmodem_how(socket));
  tell("bye", tlsmodem_send(socket, "bye!", 4, -1), socket);
  tell_received(socket, 64, -1);
  tell_received(socket, 64, -1); /* the end */
  tell("send behind", tlsmodem_send(socket, "x", 1, patience_ms), socket);
  printf("how %d\n", tlsmodem_how(socket));
  tlsmodem_socket_free(socket);
  tlsmodem_socket_free(NULL);
  return 0;
}

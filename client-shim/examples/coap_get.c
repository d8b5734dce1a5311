/* GET of a CoAP resource over DTLS with a pre-shared key, by a program that has no TLS of its own.
 *
 *   coap_get HOST PORT IDENTITY PATH [KEY]
 *
 * KEY is text; without it the key is the modem's, under tag 1, and this process never sees it. */
#include "client-shim/client/tlsmodem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { datagram_size = 1280, time_limit_ms = 10000, attempts = 5, between_attempts_ms = 2000 };

/* RFC 7252 3: a confirmable GET with one Uri-Path option; 0 when the path is too long for this example. */
static size_t make_get(unsigned char* into, const char* path) {
  const unsigned char header[] = {0x40, 0x01, 0x12, 0x34};
  const size_t length = strlen(path);
  size_t size = 0;
  if (length > 12) return 0;
  for (; size < sizeof header; ++size) into[size] = header[size];
  into[size++] = (unsigned char)(0xB0 | length);
  for (size_t i = 0; i < length; ++i) into[size++] = (unsigned char)path[i];
  return size;
}

static const unsigned char* find_payload(const unsigned char* message, size_t size) {
  const unsigned char* const marker = size > 4 ? memchr(message + 4, 0xFF, size - 4) : NULL;
  return marker != NULL ? marker + 1 : message + size;
}

static int fail(const tlsmodem_socket* socket, const char* what) {
  fprintf(stderr, "%s: %s (alert %d)\n", what, tlsmodem_error_text(socket), tlsmodem_alert(socket));
  return 1;
}

static int exchange(tlsmodem_socket* socket, const char* path) {
  unsigned char message[datagram_size];
  const size_t size = make_get(message, path);
  size_t received = 0;
  if (size == 0) {
    fputs("the path is too long\n", stderr);
    return 1;
  }
  for (int i = 0; i < attempts; ++i) {
    unsigned char answer[datagram_size];
    if (tlsmodem_send(socket, message, size, time_limit_ms) != 0) return fail(socket, "send");
    if (tlsmodem_receive(socket, answer, sizeof answer, &received, NULL, between_attempts_ms) != 0) continue;
    const unsigned char* const payload = find_payload(answer, received);
    printf("%.*s\n", (int)(answer + received - payload), (const char*)payload);
    return 0;
  }
  return fail(socket, "receive");
}

int main(int argc, char** argv) {
  if (argc != 5 && argc != 6) {
    fprintf(stderr, "usage: %s HOST PORT IDENTITY PATH [KEY]\n", argv[0]);
    return 64;
  }
  tlsmodem_socket* const socket = tlsmodem_socket_new(NULL);
  if (socket == NULL) return 1;
  int status = tlsmodem_set_text(socket, "psk", "1");
  if (argc == 6) {
    status |= tlsmodem_add_credential(socket, 1, TLSMODEM_PSK_IDENTITY, argv[3], strlen(argv[3]), NULL);
    status |= tlsmodem_add_credential(socket, 1, TLSMODEM_PSK, argv[5], strlen(argv[5]), NULL);
  }
  if (status == 0) status = tlsmodem_connect(socket, argv[1], (uint16_t)atoi(argv[2]), NULL, time_limit_ms);
  status = status != 0 ? fail(socket, "connect") : exchange(socket, argv[4]);
  tlsmodem_socket_free(socket);
  return status;
}

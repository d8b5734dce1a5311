/* An application in C: a DTLS socket with a pre-shared key, created, looked at and cleaned up. */
#include <stdio.h>
#include <string.h>

#include <avsystem/commons/avs_net.h>
#include <avsystem/commons/avs_prng.h>

static int failed(const char* what) {
  fprintf(stderr, "%s\n", what);
  return 1;
}

int main(void) {
  static const char key[] = "0123456789abcdef";
  static const char identity[] = "device";
  unsigned char resumption[64] = {0};
  avs_net_psk_info_t psk;
  avs_net_ssl_configuration_t config;
  avs_net_socket_t* socket = NULL;
  avs_net_socket_opt_value_t state;

  psk.key = avs_crypto_psk_key_info_from_buffer(key, strlen(key));
  psk.identity = avs_crypto_psk_identity_info_from_buffer(identity, strlen(identity));
  memset(&config, 0, sizeof config);
  config.security = avs_net_security_info_from_psk(psk);
  config.session_resumption_buffer = resumption;
  config.session_resumption_buffer_size = sizeof resumption;
  config.prng_ctx = avs_crypto_prng_new(NULL, NULL);

  if (avs_is_err(avs_net_dtls_socket_create(&socket, &config)) || socket == NULL) return failed("create");
  if (avs_is_err(avs_net_socket_get_opt(socket, AVS_NET_SOCKET_OPT_STATE, &state)) ||
      state.state != AVS_NET_SOCKET_STATE_CLOSED)
    return failed("state");
  if (avs_is_ok(avs_net_socket_connect(socket, "127.0.0.1", "5684")))
    return failed("connect without a modem");
  if (avs_is_err(avs_net_socket_cleanup(&socket)) || socket != NULL) return failed("cleanup");
  avs_crypto_prng_free(&config.prng_ctx);
  return 0;
}

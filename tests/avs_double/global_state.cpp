#include "global_state.hpp"

#include "backend.h"

#include <avsystem/commons/avs_cleanup.h>
#include <mutex>

namespace {

std::mutex state_mutex;
bool is_started = false;

}  // namespace

namespace tlsmodem::test {

avs_error_t ensure_global_state() {
  std::lock_guard lock(state_mutex);
  if (is_started) return AVS_OK;
  auto outcome = _avs_net_initialize_global_ssl_state();
  is_started = avs_is_ok(outcome);
  return outcome;
}

}  // namespace tlsmodem::test

// Also where nothing was started: the library does not ask either.
void avs_cleanup_global_state() {
  std::lock_guard lock(state_mutex);
  _avs_crypto_cleanup_global_state();
  _avs_net_cleanup_global_ssl_state();
  is_started = false;
}

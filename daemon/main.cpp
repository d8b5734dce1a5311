#include "commands/configured_credentials.hpp"
#include "commands/services.hpp"
#include "server.hpp"
#include "settings/settings.hpp"
#include "support/log.hpp"
#include "tls/self_test.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdio>
#include <exception>

namespace {

using namespace tlsmodem;

// Keys live in this process: no core file, no ptrace by the same user.
void keep_memory_private() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

int complain(const at::failure& why, int status) {
  std::fprintf(stderr, "tlsmodemd: %s\n", why.text.c_str());
  return status;
}

int run(int argc, const char* const* argv) {
  auto invocation = parse_command_line(argc, argv);
  if (!invocation) {
    std::fprintf(stderr, "%s\n", invocation.why().text.c_str());
    return exit_usage;
  }
  if (invocation->what == task::show_help || invocation->what == task::show_version) {
    std::fputs((invocation->what == task::show_help ? help_text() : version_text()).c_str(), stdout);
    return exit_success;
  }
  keep_memory_private();
  auto config = load(*invocation, validate_profile_option);
  if (!config) return complain(config.why(), exit_config);
  auto configured = load_configured_credentials(*config);
  if (!configured) return complain(configured.why(), exit_config);
  if (const auto profiles = make_profiles(*config); !profiles) return complain(profiles.why(), exit_config);
  if (invocation->what == task::check_config) {
    // No mistake of the configuration, and TLS works all the same.
    if (const auto& refused = tls::datagrams_refused())
      std::fprintf(stderr, "tlsmodemd: warning: %s\n", refused->c_str());
    return exit_success;
  }
  start_log(config->log_level);
  server daemon(std::move(*invocation), *config, std::move(*configured));
  return daemon.run();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "tlsmodemd: %s\n", e.what());
    return 1;
  }
}

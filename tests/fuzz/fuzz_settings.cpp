// Any text as configuration file: a typed result or one line that says why not.
#include "daemon/settings/settings.hpp"
#include "protocol/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace {

using tlsmodem::settings;

// Refuses some, so that both ways are taken.
std::optional<std::string> validator(std::string_view option, std::string_view value) {
  return option == value ? std::optional<std::string>("must differ from its name") : std::nullopt;
}

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void check_reload(const settings& loaded) {
  settings running;
  tlsmodem::apply_reloadable(running, loaded);
  require(tlsmodem::compare(running, loaded).reloadable.empty());
  require(tlsmodem::compare(loaded, loaded).none());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto loaded = tlsmodem::parse_text(tlsmodem::as_text({data, size}), "fuzz.conf", validator);
  if (loaded) {
    check_reload(*loaded);
  } else {
    require(loaded.why().text.starts_with("fuzz.conf:"));
    require(loaded.why().text.find('\n') == std::string::npos);
  }
  return 0;
}

// Any text as the URI of a key: what is taken names a token and a key, and nothing else.
#include "daemon/pkcs11/key_uri.hpp"

#include <cstdlib>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tlsmodem;
  const auto text = as_text({data, size});
  const auto parsed = pkcs11::parse_key_uri(text);
  if (!parsed) {
    require(parsed.why().code == at::error::credentials_unusable && parsed.why().text.ends_with('.'));
    return 0;
  }
  require(!parsed->token.empty() || !parsed->serial.empty());
  require(!parsed->label.empty() || !parsed->id.empty());
  require(text.find('?') == std::string_view::npos);
  for (const auto* name : {"pin-", "module-"}) {
    require(!text.substr(text.find(':') + 1).starts_with(name));
    require(text.find(std::string(";") + name) == std::string_view::npos);
  }
  return 0;
}

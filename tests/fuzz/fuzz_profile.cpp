// Any text as the value of any option of a profile: set and readable again as the same, or refused and
// nothing changed.
#include "daemon/socket/profile.hpp"
#include "invariants.hpp"
#include "protocol/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace {

using namespace tlsmodem;

using snapshot = std::vector<std::vector<at::value>>;

snapshot read_all(const profile& from) {
  snapshot all;
  for (const auto name : option_names()) {
    auto values = read_option(from, name);
    fuzz::require(static_cast<bool>(values), "every option that is listed can be read");
    all.push_back(std::move(*values));
  }
  return all;
}

}  // namespace

// The first byte chooses the option, the rest is its value.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = as_text({data, size});
  const auto names = option_names();
  const auto choice = fuzz::take_byte(text) % (names.size() + 1);
  const std::string_view option = choice < names.size() ? names[choice] : "no such option";

  profile target;
  const auto before = read_all(target);
  if (set_option(target, option, text)) {
    fuzz::require(read_all(target) == before, "a set that fails changes nothing");
    return 0;
  }
  const auto values = read_option(target, option);
  fuzz::require(values && !values->empty(), "what was set can be read");
  profile copy;
  fuzz::require(!set_option(copy, option, std::span<const at::value>(*values)), "what is read can be set");
  fuzz::require(read_all(copy) == read_all(target), "and means the same");
  return 0;
}

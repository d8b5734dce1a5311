#include "device_name.hpp"

#include <systemd/sd-id128.h>

#include <array>

namespace tlsmodem {

std::string name_of_this_machine() {
  // Any fixed number, ours alone.
  constexpr sd_id128_t tlsmodem = {
      {0x7d, 0x5b, 0x0c, 0x91, 0x3e, 0x4f, 0x4a, 0x26, 0x9b, 0x1c, 0x58, 0xe2, 0xa7, 0x60, 0x3d, 0xf4}};
  sd_id128_t id{};
  if (sd_id128_get_machine_app_specific(tlsmodem, &id) < 0) return "tlsmodem";
  std::array<char, SD_ID128_STRING_MAX> digits{};
  return std::string("tlsmodem-") + sd_id128_to_string(id, digits.data());
}

}  // namespace tlsmodem

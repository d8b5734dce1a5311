#include "device_name.hpp"

#include <systemd/sd-id128.h>

#include <array>

namespace tlsmodem {

std::string name_of_this_machine() {
  // Any fixed number, ours alone.
  constexpr sd_id128_t tlsmodem =
      SD_ID128_MAKE(7d, 5b, 0c, 91, 3e, 4f, 4a, 26, 9b, 1c, 58, e2, a7, 60, 3d, f4);
  sd_id128_t id{};
  if (sd_id128_get_machine_app_specific(tlsmodem, &id) < 0) return "tlsmodem";
  std::array<char, SD_ID128_STRING_MAX> digits{};
  return std::string("tlsmodem-") + sd_id128_to_string(id, digits.data());
}

}  // namespace tlsmodem

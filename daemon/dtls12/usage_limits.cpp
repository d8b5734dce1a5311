#include "usage_limits.hpp"

#include "record.hpp"

#include <limits>

namespace tlsmodem::dtls12 {
namespace {

// What a cipher does not limit ends with its numbers; alerts get the last of them.
constexpr std::uint64_t numbers_for_data = max_sequence - 65535;
constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

constexpr std::uint64_t power_of_2(unsigned exponent) { return std::uint64_t{1} << exponent; }

}  // namespace

usage_limits limits_of(const protection_suite& suite) {
  switch (shape_of(suite.cipher).mode) {
    case protection_mode::gcm:
      return {23'726'566, power_of_2(28)};  // 2^24.5
    case protection_mode::ccm:
      // Also with the tag of eight bytes, for which RFC 9147 has 128 forgeries: so few are an easy way to end
      // an association.
      return {power_of_2(23), 11'863'283};  // 2^23.5
    case protection_mode::chacha20_poly1305:
      return {numbers_for_data, power_of_2(36)};
    case protection_mode::cbc:
      break;
  }
  return {numbers_for_data, unlimited};
}

}  // namespace tlsmodem::dtls12

// TLSA records (RFC 6698): what the domain of a server says about the certificates that it may show.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tlsmodem::tls {

struct tlsa_record {
  std::uint8_t usage = 0;
  std::uint8_t selector = 0;
  std::uint8_t matching = 0;
  bytes data;

  bool operator==(const tlsa_record&) const = default;
};

// RFC 7218: the first certificate usage that stands without a list of trusted certificates; the next one, 3,
// does too.
inline constexpr std::uint8_t usage_dane_ta = 2;
inline constexpr std::uint8_t usage_dane_ee = 3;

// Of one profile. A domain with several servers and a key change under way has half as many; each may hold a
// whole certificate.
inline constexpr std::size_t max_tlsa_records = 16;

// RFC 6698 2.2: "<usage> <selector> <matching> <hex>", as name servers write it, with spaces anywhere between
// the digits. Numbers go up to 255: one that means nothing makes a record unusable, not wrong (RFC 6698 4.1).
// Error: 50.
at::result<tlsa_record> parse_tlsa(std::string_view text);
std::string format_tlsa(const tlsa_record& record);

}  // namespace tlsmodem::tls

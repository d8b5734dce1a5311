// How much one key may protect, and how often it may be guessed at: RFC 9325 4.4, RFC 9147 4.5.3
// (docs/decisions/0021-key-usage-limits.md).
#pragma once

#include "suite.hpp"

#include <cstdint>

namespace tlsmodem::dtls12 {

struct usage_limits {
  std::uint64_t records = 0;  // that carry data, sent: behind them only alerts and repeats go out
  std::uint64_t forgeries =
      0;  // received records that were not authentic: with the last, the key is given up
};

usage_limits limits_of(const protection_suite& suite);

}  // namespace tlsmodem::dtls12

// What servers of the past lack or show. Each is let through only where it was asked for by name; suites
// without encryption or without authentication never are.
#pragma once

#include "protocol/result.hpp"

#include <span>
#include <string>
#include <vector>

namespace tlsmodem::tls {

// OpenSSL's: RSA from 2048 bits, elliptic curves from 224, no SHA-1 in signatures.
inline constexpr int usual_security_level = 2;

struct legacy_allowances {
  bool no_renegotiation_info = false;         // RFC 5746
  int security_level = usual_security_level;  // 1: RSA from 1024 bits; 0: SHA-1 in signatures, TLS before 1.2

  bool operator==(const legacy_allowances&) const = default;
  bool any() const { return *this != legacy_allowances{}; }
};

// Names: "no_renegotiation_info", "security_level_1", "security_level_0"; of two levels the lower one counts.
// Error: 50.
at::result<legacy_allowances> parse_legacy(std::span<const std::string> names);
std::vector<std::string> names_of(const legacy_allowances& allowed);

}  // namespace tlsmodem::tls

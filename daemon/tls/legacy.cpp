#include "legacy.hpp"

#include <algorithm>

namespace tlsmodem::tls {
namespace {

constexpr const char* lacks_renegotiation_info = "no_renegotiation_info";
constexpr const char* level_1 = "security_level_1";
constexpr const char* level_0 = "security_level_0";

}  // namespace

at::result<legacy_allowances> parse_legacy(std::span<const std::string> names) {
  legacy_allowances allowed;
  for (const auto& name : names) {
    if (name == lacks_renegotiation_info) {
      allowed.no_renegotiation_info = true;
    } else if (name == level_1 || name == level_0) {
      allowed.security_level = std::min(allowed.security_level, name == level_1 ? 1 : 0);
    } else {
      return at::failure{
          at::error::incorrect_parameters,
          "The option legacy takes no_renegotiation_info, security_level_1 and security_level_0."};
    }
  }
  return allowed;
}

std::vector<std::string> names_of(const legacy_allowances& allowed) {
  std::vector<std::string> names;
  if (allowed.no_renegotiation_info) names.emplace_back(lacks_renegotiation_info);
  if (allowed.security_level < usual_security_level)
    names.emplace_back(allowed.security_level == 1 ? level_1 : level_0);
  return names;
}

}  // namespace tlsmodem::tls

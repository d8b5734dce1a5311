// Credentials, parsed, each under its tag and type: those of a channel, of a user id, of the configuration.
//
//   parse_credential() ▶ has_room_for() ▶ put()
//
// The steps are separate because a durable write comes between them.
#pragma once

#include "daemon/pkcs11/key_uri.hpp"
#include "daemon/tls/credential.hpp"
#include "protocol/commands/credential.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <tuple>

namespace tlsmodem {

using credential_digest = std::array<std::uint8_t, 32>;

struct credential_name {
  std::int64_t tag = 0;
  at::credential_type type = at::credential_type::trusted;
  bool operator==(const credential_name&) const = default;
  bool operator<(const credential_name& other) const {
    return std::tie(tag, type) < std::tie(other.tag, other.type);
  }
};

struct credential {
  secret content;                      // what was written; of a private key nothing: it is kept parsed only
  tls::certificate_list certificates;  // types 0 and 1
  tls::private_key key;                // type 2
  tls::revocation_lists revocations;   // type 5
  std::optional<pkcs11::key_uri> uri;  // type 6
  credential_digest sha256{};          // of what was written
  std::size_t size = 0;                // of what is to be kept
};

// Error: 810.
at::result<credential> parse_credential(at::credential_type type, bytes_view content, const secret* password);
// What makes the same credential again without a password: a key as PKCS #8, all others as they were written.
at::result<secret> content_to_keep(const credential& from);

// "The tag 7 holds no PSK."
at::failure no_credential(at::error code, const credential_name& name);

struct credential_limits {
  std::size_t entries = 0;
  std::size_t bytes = 0;
};

class credential_set {
 public:
  using map = std::map<credential_name, credential>;

  explicit credential_set(credential_limits limits) : limits_(limits) {}

  // Null when there is none. Valid until it is replaced or erased.
  const credential* find(const credential_name& name) const;
  // Whether it fits, in the place of what is under that name now.
  bool has_room_for(const credential_name& name, std::size_t size) const;
  void put(const credential_name& name, credential entry);
  bool erase(const credential_name& name) { return entries_.erase(name) > 0; }

  const map& entries() const { return entries_; }
  const credential_limits& limits() const { return limits_; }

 private:
  credential_limits limits_;
  map entries_;
};

}  // namespace tlsmodem

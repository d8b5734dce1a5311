// The credentials that live and die with their channel (AT#TCRED with <volatile> 1).
#pragma once

#include "daemon/tls/credential.hpp"
#include "protocol/commands/credential.hpp"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tlsmodem {

class volatile_credentials {
 public:
  struct listed {
    std::int64_t tag;
    at::credential_type type;
    std::string sha256_hex;  // of what was written
  };

  // Parses and keeps a credential; one under the same tag and type is replaced, sockets that are open keep
  // theirs. Errors: 810 does not parse (nothing is changed), 20 too many.
  std::optional<at::failure> write(std::int64_t tag, at::credential_type type, bytes_view content,
                                   const secret* password);
  // Errors: 22 not there.
  std::optional<at::failure> remove(std::int64_t tag, at::credential_type type);
  // What was written. Errors: 22 not there, 3 not a certificate.
  at::result<bytes_view> read(std::int64_t tag, at::credential_type type) const;
  std::vector<listed> list(std::optional<std::int64_t> tag, std::optional<at::credential_type> type) const;

  // For a socket: errors 809 when a tag holds nothing of the type.
  at::result<tls::certificate_list> certificates(std::span<const std::int64_t> tags,
                                                 at::credential_type type) const;
  at::result<tls::private_key> key(std::int64_t tag) const;
  at::result<tls::pre_shared_key> psk(std::int64_t tag) const;

 private:
  struct entry {
    secret content;                      // of all but private keys, which are kept parsed only
    tls::certificate_list certificates;  // types 0 and 1
    tls::private_key key;                // type 2
    std::string sha256_hex;
  };
  using name = std::pair<std::int64_t, at::credential_type>;

  const entry* find(std::int64_t tag, at::credential_type type) const;
  std::size_t total_bytes() const;

  std::map<name, entry> entries_;
};

}  // namespace tlsmodem

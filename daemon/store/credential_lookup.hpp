// Which credential a tag means: the channel's volatile one, else the user's persistent one, else the
// configured one. The first that is there hides those behind it.
#pragma once

#include "credential_set.hpp"

#include <array>
#include <span>
#include <vector>

namespace tlsmodem {

// Where a credential is kept, in the order of the look-up.
enum class credential_origin : std::uint8_t { channel, user, configuration };

class credential_lookup {
 public:
  struct found {
    const credential* entry = nullptr;
    credential_origin origin = credential_origin::channel;
  };
  struct listed {
    credential_name name;
    bool is_volatile;
    credential_digest sha256;
  };

  // All three must outlive this object.
  credential_lookup(const credential_set& of_channel, const credential_set& of_user,
                    const credential_set& configured)
      : sets_{&of_channel, &of_user, &configured} {}

  // entry is null when nobody has one.
  found find(const credential_name& name) const;
  // What was written. Errors: 22 not there, 3 neither certificates nor revocation lists.
  at::result<bytes_view> read(const credential_name& name) const;
  // By name; of two with the same name the volatile one first.
  std::vector<listed> list(std::optional<std::int64_t> tag, std::optional<at::credential_type> type) const;

  // For a socket: error 809 when a tag holds nothing of the type.
  at::result<tls::certificate_list> certificates(std::span<const std::int64_t> tags,
                                                 at::credential_type type) const;
  at::result<tls::revocation_lists> revocations(std::span<const std::int64_t> tags) const;
  // A private key, or the URI of one in a token: the nearer one; in one place the URI, so that a key that was
  // moved into a token is used there, whatever its old copy does.
  at::result<found> key(std::int64_t tag) const;
  at::result<tls::pre_shared_key> psk(std::int64_t tag) const;

 private:
  at::result<const credential*> needed(const credential_name& name) const;

  std::array<const credential_set*, 3> sets_;
};

}  // namespace tlsmodem

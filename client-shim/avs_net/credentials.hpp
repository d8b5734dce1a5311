// avs_net's credential sources as credentials of the modem: volatile ones with tags of our own, or the tag of
// one that the modem has already.
//
// Files are opened here, by the process that named them. A source is read once, when the socket is created;
// later the application may free or change it.
#pragma once

#include "client-shim/client/socket.hpp"

#include <avsystem/commons/avs_socket.h>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tlsmodem::avs {

// Of "tag:7", what the source ENGINE is asked for.
std::optional<std::int64_t> tag_of_query(const char* query);

class credentials {
 public:
  // Adds what the source holds, nested sources one after the other. Errors: EINVAL a source that this type
  // cannot come from, or an empty one; EIO a file that cannot be read, or of more than 1 MiB; EMSGSIZE more
  // than the modem takes.
  avs_error_t add(const avs_crypto_security_info_union_t& from, at::credential_type type);
  // A key and its identity, which the modem keeps under one tag.
  avs_error_t add_psk(const avs_net_psk_info_t& psk);

  // The tags of a type for a profile's option, "3,4"; "" for none.
  std::string tags(at::credential_type type) const;
  std::vector<client::credential> take() { return std::move(made_); }

 private:
  avs_error_t add_leaf(const avs_crypto_security_info_union_t& from, at::credential_type type);
  avs_error_t add_file(const char* path, const char* password, at::credential_type type);
  avs_error_t add_directory(const char* path, at::credential_type type);
  avs_error_t add_tag(const char* query, at::credential_type type);
  avs_error_t add_content(std::string_view content, const char* password, at::credential_type type);
  void add_credential(std::string_view content, const char* password, at::credential_type type);

  struct use {
    at::credential_type type;
    std::int64_t tag;
  };
  std::vector<client::credential> made_;
  std::vector<use> uses_;
  std::optional<std::int64_t> psk_tag_;
};

}  // namespace tlsmodem::avs

// The keys in tokens: finds the token and the key that a URI names, logs in, makes keys.
//
// Theory of operation: nothing is loaded before the first key is asked for. A token stays logged in as long
// as it is there, by one session, so its PIN is read when it is needed and not kept. Each signature is tried
// again once on a new session, so a token may have been out and in again meanwhile. Everything blocks, and is
// called on one thread.
//
// A PIN that a token refused is remembered, and not tried again: a token locks itself after a few wrong ones.
// Another content of the PIN file is another PIN.
#pragma once

#include "daemon/support/secret.hpp"
#include "daemon/tls/credential.hpp"
#include "key_uri.hpp"
#include "module.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace tlsmodem::pkcs11 {

class tokens : public std::enable_shared_from_this<tokens> {
 public:
  struct configuration {
    std::string module_path;  // empty: there are no tokens
    std::string pin_file;     // empty: the credential pkcs11-pin of the unit, if there is one
  };

  // Held by every key that it gives away.
  static std::shared_ptr<tokens> make(configuration config);

  bool are_configured() const { return !config_.module_path.empty(); }

  // Errors, each with a sentence of its own: 4 there is no module; 810 token or key not there, not only one,
  // not usable; PIN not there, refused, or refused before.
  at::result<tls::private_key> key(const key_uri& uri);
  // Makes an EC key on P-256 that never leaves the token, if there is none at the URI.
  at::result<tls::private_key> key_or_new_key(const key_uri& uri);

  // Where a key is just now.
  struct place {
    std::shared_ptr<const session> in;
    CK_OBJECT_HANDLE object = 0;
  };
  at::result<place> find(const key_uri& uri);

 private:
  explicit tokens(configuration config) : config_(std::move(config)) {}

  at::result<token_info> find_token(const key_uri& uri);
  at::result<std::shared_ptr<const session>> session_with(const token_info& token);
  std::optional<at::failure> log_in(const session& with, const token_info& token);
  at::result<secret> pin() const;
  // An object of 0: the token has no such key.
  at::result<place> look_for(const key_uri& uri);
  at::result<tls::private_key> key_at(const place& found, const key_uri& uri);

  using serial_and_label = std::pair<std::string, std::string>;

  const configuration config_;
  std::shared_ptr<const module> module_;
  std::map<CK_SLOT_ID, std::shared_ptr<const session>> sessions_;
  std::map<serial_and_label, secret> refused_pins_;
};

}  // namespace tlsmodem::pkcs11

// The private keys that no client ever saw: AT#TCRED=4, and the keys in tokens.
#include "daemon/support/device_name.hpp"
#include "daemon/tls/certificate_request.hpp"
#include "modem.hpp"

namespace tlsmodem {

using at::credential_type;
using at::error;
using at::outcome;

at::result<tls::private_key> modem::private_key_of(std::int64_t tag) const {
  const auto found = credentials().key(tag);
  if (!found) return found.why();
  if (!found->entry->uri) return found->entry->key;
  if (auto wrong = check_token_use(found->origin)) return *std::move(wrong);
  return shared_.tokens->key(*found->entry->uri);
}

std::optional<at::failure> modem::check_token_use(credential_origin origin) const {
  if (!shared_.tokens->are_configured())
    return at::failure{error::not_supported,
                       "There are no keys in tokens here: the setting pkcs11-module is empty."};
  if (origin != credential_origin::configuration && shared_.config.pkcs11_configured_only)
    return at::failure{error::permission_denied, "Only the configuration names keys in tokens here."};
  return std::nullopt;
}

outcome modem::make_key(const at::credential_request& request, at::response& answer) {
  if (*request.type == credential_type::key_uri) return request_for_token_key(*request.tag, answer);
  return make_own_key(request, answer);
}

outcome modem::make_own_key(const at::credential_request& request, at::response& answer) {
  const credential_name name{*request.tag, credential_type::private_key};
  const auto& place = request.is_volatile ? volatile_credentials_ : shared_.credentials.of_user(user_);
  if (const auto* const there = place.find(name)) return answer_request(name.tag, there->key, answer);
  if (auto wrong = check_free_for_key(request)) return outcome::failed(std::move(*wrong));
  const auto key = tls::generate_key();
  if (!key) return outcome::failed(key.why());
  const auto text = request_for(*key);
  if (!text) return outcome::failed(text.why());
  const auto content = tls::to_pkcs8(*key);
  if (!content) return outcome::failed(content.why());
  auto made = parse_credential(credential_type::private_key, content->view(), nullptr);
  if (!made) return outcome::failed(made.why());
  const auto line = at::format_read(name.tag, text->size());
  auto done = keep_credential(name, std::move(*made), request.is_volatile, framed{line, to_bytes(*text)});
  if (done.is == outcome::kind::done) answer.frame(line, as_bytes(*text));
  return done;
}

// A URI counts before a key, so that the key would never be used; and one that is on its way to the disk, or
// from it, is nobody's yet.
std::optional<at::failure> modem::check_free_for_key(const at::credential_request& request) const {
  const credential_name key{*request.tag, credential_type::private_key};
  const credential_name uri{*request.tag, credential_type::key_uri};
  const bool is_uri = request.is_volatile ? volatile_credentials_.find(uri) != nullptr
                                          : shared_.credentials.is_taken(user_, uri);
  const auto tag = std::to_string(key.tag);
  if (is_uri)
    return at::failure{error::not_allowed,
                       "The tag " + tag + " names a key in a token, which has to be deleted first."};
  if (!request.is_volatile && shared_.credentials.is_taken(user_, key))
    return at::failure{error::not_allowed, "A private key of the tag " + tag + " is being stored."};
  return std::nullopt;
}

outcome modem::request_for_token_key(std::int64_t tag, at::response& answer) {
  const credential_name name{tag, credential_type::key_uri};
  const auto found = credentials().find(name);
  if (found.entry == nullptr) return outcome::failed(no_credential(error::not_found, name));
  if (auto wrong = check_token_use(found.origin)) return outcome::failed(std::move(*wrong));
  const auto key = shared_.tokens->key_or_new_key(*found.entry->uri);
  if (!key) return outcome::failed(key.why());
  return answer_request(tag, *key, answer);
}

outcome modem::answer_request(std::int64_t tag, const tls::private_key& key, at::response& answer) const {
  const auto text = request_for(key);
  if (!text) return outcome::failed(text.why());
  answer.frame(at::format_read(tag, text->size()), as_bytes(*text));
  return outcome::done();
}

at::result<std::string> modem::request_for(const tls::private_key& key) const {
  const auto& name = shared_.config.device_name;
  return tls::make_certificate_request(key, name.empty() ? name_of_this_machine() : name);
}

}  // namespace tlsmodem

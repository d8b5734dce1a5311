#include "credential_set.hpp"

#include <openssl/evp.h>

#include <string_view>

namespace tlsmodem {
namespace {

using at::credential_type;
using at::error;
using at::failure;

// OpenSSL's PSK_MAX_PSK_LEN and PSK_MAX_IDENTITY_LEN.
constexpr std::size_t max_psk_bytes = 512;
constexpr std::size_t max_identity_bytes = 256;

std::string_view word_for(credential_type type) {
  constexpr std::array<std::string_view, at::credential_type_count> words = {
      "trusted certificate", "certificate chain", "private key", "PSK",
      "PSK identity",        "revocation list",   "URI of a key"};
  return words[static_cast<std::size_t>(type)];
}

std::optional<failure> check_size(credential_type type, std::size_t size) {
  const std::size_t most = type == credential_type::psk ? max_psk_bytes : max_identity_bytes;
  if (size > 0 && size <= most) return std::nullopt;
  return failure{error::credentials_unusable,
                 "A " + std::string(word_for(type)) + " has 1 to " + std::to_string(most) + " bytes."};
}

template <typename Value, typename Place>
std::optional<failure> take(at::result<Value> parsed, Place& into) {
  if (!parsed) return parsed.why();
  into = std::move(*parsed);
  return std::nullopt;
}

std::optional<failure> parse_into(credential& made, credential_type type, bytes_view content,
                                  const secret* password) {
  switch (type) {
    case credential_type::trusted:
    case credential_type::own_chain:
      return take(tls::parse_certificates(content), made.certificates);
    case credential_type::private_key:
      return take(tls::parse_private_key(content, password), made.key);
    case credential_type::revocation_lists:
      return take(tls::parse_revocation_lists(content), made.revocations);
    case credential_type::key_uri:
      return take(pkcs11::parse_key_uri(as_text(content)), made.uri);
    default:
      return check_size(type, content.size());
  }
}

}  // namespace

at::result<credential> parse_credential(credential_type type, bytes_view content, const secret* password) {
  credential made;
  if (auto wrong = parse_into(made, type, content, password)) return *std::move(wrong);
  if (type != credential_type::private_key) made.content = secret(content);
  EVP_Digest(content.data(), content.size(), made.sha256.data(), nullptr, EVP_sha256(), nullptr);
  const auto kept = content_to_keep(made);
  if (!kept) return kept.why();
  made.size = kept->size();
  return made;
}

at::result<secret> content_to_keep(const credential& from) {
  return from.key ? tls::to_pkcs8(from.key) : from.content.clone();
}

failure no_credential(error code, const credential_name& name) {
  return {code,
          "The tag " + std::to_string(name.tag) + " holds no " + std::string(word_for(name.type)) + "."};
}

const credential* credential_set::find(const credential_name& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

bool credential_set::has_room_for(const credential_name& name, std::size_t size) const {
  std::size_t entries = 1;
  std::size_t total = size;
  for (const auto& [other, entry] : entries_) {
    if (other == name) continue;
    ++entries;
    total += entry.size;
  }
  return entries <= limits_.entries && total <= limits_.bytes;
}

void credential_set::put(const credential_name& name, credential entry) {
  entries_.insert_or_assign(name, std::move(entry));
}

}  // namespace tlsmodem

#include "volatile_credentials.hpp"

#include <openssl/evp.h>

#include <array>

namespace tlsmodem {
namespace {

using at::credential_type;
using at::error;
using at::failure;

// What one channel may make the daemon keep.
constexpr std::size_t max_entries = 64;
constexpr std::size_t max_total_bytes = std::size_t{1024} * 1024;
// OpenSSL's PSK_MAX_PSK_LEN and PSK_MAX_IDENTITY_LEN.
constexpr std::size_t max_psk_bytes = 512;
constexpr std::size_t max_identity_bytes = 256;

std::string sha256_hex(bytes_view data) {
  std::array<unsigned char, 32> digest{};
  EVP_Digest(data.data(), data.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::string hex;
  for (const unsigned char byte : digest)
    hex.append({"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]});
  return hex;
}

std::string_view name_of(credential_type type) {
  constexpr std::array<std::string_view, at::credential_type_count> names = {
      "trusted certificate", "certificate chain", "private key", "PSK", "PSK identity"};
  return names[static_cast<std::size_t>(type)];
}

failure nothing_there(error code, std::int64_t tag, credential_type type) {
  return {code, "The tag " + std::to_string(tag) + " holds no " + std::string(name_of(type)) + "."};
}

failure wrong_size(credential_type type, std::size_t max_bytes) {
  return {error::credentials_unusable,
          "A " + std::string(name_of(type)) + " has 1 to " + std::to_string(max_bytes) + " bytes."};
}

}  // namespace

const volatile_credentials::entry* volatile_credentials::find(std::int64_t tag, credential_type type) const {
  const auto found = entries_.find({tag, type});
  return found == entries_.end() ? nullptr : &found->second;
}

std::size_t volatile_credentials::total_bytes() const {
  std::size_t sum = 0;
  for (const auto& [key, value] : entries_) sum += value.content.size();
  return sum;
}

std::optional<failure> volatile_credentials::write(std::int64_t tag, credential_type type, bytes_view content,
                                                   const secret* password) {
  entry made;
  switch (type) {
    case credential_type::trusted:
    case credential_type::own_chain: {
      auto parsed = tls::parse_certificates(content);
      if (!parsed) return parsed.why();
      made.certificates = std::move(*parsed);
      made.content = secret(content);
      break;
    }
    case credential_type::private_key: {
      auto parsed = tls::parse_private_key(content, password);
      if (!parsed) return parsed.why();
      made.key = std::move(*parsed);
      break;
    }
    case credential_type::psk:
      if (content.empty() || content.size() > max_psk_bytes) return wrong_size(type, max_psk_bytes);
      made.content = secret(content);
      break;
    case credential_type::psk_identity:
      if (content.empty() || content.size() > max_identity_bytes) return wrong_size(type, max_identity_bytes);
      made.content = secret(content);
      break;
  }
  const auto* replaced = find(tag, type);
  const std::size_t others_bytes = total_bytes() - (replaced != nullptr ? replaced->content.size() : 0);
  if ((replaced == nullptr && entries_.size() == max_entries) ||
      others_bytes + content.size() > max_total_bytes)
    return failure{error::memory_full, "This channel has no room for more credentials."};
  made.sha256_hex = sha256_hex(content);
  entries_[{tag, type}] = std::move(made);
  return std::nullopt;
}

std::optional<failure> volatile_credentials::remove(std::int64_t tag, credential_type type) {
  if (entries_.erase({tag, type}) == 0) return nothing_there(error::not_found, tag, type);
  return std::nullopt;
}

at::result<bytes_view> volatile_credentials::read(std::int64_t tag, credential_type type) const {
  if (type != credential_type::trusted && type != credential_type::own_chain)
    return {error::not_allowed, "Only certificates can be read back."};
  const auto* found = find(tag, type);
  if (found == nullptr) return nothing_there(error::not_found, tag, type);
  return found->content.view();
}

std::vector<volatile_credentials::listed> volatile_credentials::list(
    std::optional<std::int64_t> tag, std::optional<credential_type> type) const {
  std::vector<listed> out;
  for (const auto& [key, value] : entries_)
    if ((!tag || key.first == *tag) && (!type || key.second == *type))
      out.push_back({key.first, key.second, value.sha256_hex});
  return out;
}

at::result<tls::certificate_list> volatile_credentials::certificates(std::span<const std::int64_t> tags,
                                                                     credential_type type) const {
  tls::certificate_list all;
  for (const auto tag : tags) {
    const auto* found = find(tag, type);
    if (found == nullptr) return nothing_there(error::credentials_missing, tag, type);
    all.insert(all.end(), found->certificates.begin(), found->certificates.end());
  }
  return all;
}

at::result<tls::private_key> volatile_credentials::key(std::int64_t tag) const {
  const auto* found = find(tag, credential_type::private_key);
  if (found == nullptr) return nothing_there(error::credentials_missing, tag, credential_type::private_key);
  return found->key;
}

at::result<tls::pre_shared_key> volatile_credentials::psk(std::int64_t tag) const {
  const auto* key = find(tag, credential_type::psk);
  if (key == nullptr) return nothing_there(error::credentials_missing, tag, credential_type::psk);
  const auto* identity = find(tag, credential_type::psk_identity);
  if (identity == nullptr)
    return nothing_there(error::credentials_missing, tag, credential_type::psk_identity);
  const auto words = identity->content.view();
  return tls::pre_shared_key{key->content.clone(), bytes(words.begin(), words.end())};
}

}  // namespace tlsmodem

#include "credential_lookup.hpp"

#include <set>

namespace tlsmodem {

using at::credential_type;
using at::error;

credential_lookup::found credential_lookup::find(const credential_name& name) const {
  for (std::size_t i = 0; i < sets_.size(); ++i)
    if (const auto* entry = sets_[i]->find(name)) return {entry, static_cast<credential_origin>(i)};
  return {};
}

at::result<bytes_view> credential_lookup::read(const credential_name& name) const {
  if (name.type != credential_type::trusted && name.type != credential_type::own_chain &&
      name.type != credential_type::revocation_lists)
    return {error::not_allowed, "Only certificates and revocation lists can be read back."};
  const auto* entry = find(name).entry;
  if (entry == nullptr) return no_credential(error::not_found, name);
  return entry->content.view();
}

std::vector<credential_lookup::listed> credential_lookup::list(std::optional<std::int64_t> tag,
                                                               std::optional<credential_type> type) const {
  std::set<credential_name> names;
  for (const auto* set : sets_)
    for (const auto& [name, entry] : set->entries())
      if ((!tag || name.tag == *tag) && (!type || name.type == *type)) names.insert(name);
  std::vector<listed> out;
  const auto& [of_channel, of_user, configured] = sets_;
  for (const auto& name : names) {
    if (const auto* own = of_channel->find(name)) out.push_back({name, true, own->sha256});
    const auto* lasting = of_user->find(name);
    if (lasting == nullptr) lasting = configured->find(name);
    if (lasting != nullptr) out.push_back({name, false, lasting->sha256});
  }
  return out;
}

at::result<const credential*> credential_lookup::needed(const credential_name& name) const {
  const auto* entry = find(name).entry;
  if (entry == nullptr) return no_credential(error::credentials_missing, name);
  return entry;
}

at::result<tls::certificate_list> credential_lookup::certificates(std::span<const std::int64_t> tags,
                                                                  credential_type type) const {
  tls::certificate_list all;
  for (const auto tag : tags) {
    const auto entry = needed({tag, type});
    if (!entry) return entry.why();
    all.insert(all.end(), (*entry)->certificates.begin(), (*entry)->certificates.end());
  }
  return all;
}

at::result<tls::revocation_lists> credential_lookup::revocations(std::span<const std::int64_t> tags) const {
  tls::revocation_lists all;
  for (const auto tag : tags) {
    const auto entry = needed({tag, credential_type::revocation_lists});
    if (!entry) return entry.why();
    all.insert(all.end(), (*entry)->revocations.begin(), (*entry)->revocations.end());
  }
  return all;
}

at::result<credential_lookup::found> credential_lookup::key(std::int64_t tag) const {
  const auto here = find({tag, credential_type::private_key});
  const auto in_token = find({tag, credential_type::key_uri});
  if (here.entry == nullptr && in_token.entry == nullptr)
    return no_credential(error::credentials_missing, {tag, credential_type::private_key});
  if (here.entry == nullptr) return in_token;
  if (in_token.entry == nullptr) return here;
  return in_token.origin <= here.origin ? in_token : here;
}

at::result<tls::pre_shared_key> credential_lookup::psk(std::int64_t tag) const {
  const auto key = needed({tag, credential_type::psk});
  if (!key) return key.why();
  const auto identity = needed({tag, credential_type::psk_identity});
  if (!identity) return identity.why();
  const auto words = (*identity)->content.view();
  return tls::pre_shared_key{(*key)->content.clone(), bytes(words.begin(), words.end())};
}

}  // namespace tlsmodem

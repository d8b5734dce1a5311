#include "key_uri.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <set>
#include <string_view>
#include <utility>

namespace tlsmodem::pkcs11 {
namespace {

constexpr std::string_view scheme = "pkcs11:";
constexpr std::array<std::string_view, 7> taken = {"token",  "serial", "manufacturer", "model",
                                                   "object", "id",     "type"};

struct refused_attribute {
  std::string_view name;
  const char* why;
};
constexpr std::array refused = {
    refused_attribute{"pin-value", "The URI may not have pin-value: a PIN has no place in a command."},
    refused_attribute{"pin-source",
                      "The URI may not have pin-source: where the PIN comes from, the configuration says."},
    refused_attribute{"module-path",
                      "The URI may not have module-path: which module is used, the configuration says."},
    refused_attribute{"module-name",
                      "The URI may not have module-name: which module is used, the configuration says."},
};

using uri_ptr = std::unique_ptr<P11KitUri, decltype(&p11_kit_uri_free)>;

at::failure unusable(std::string text) { return {at::error::credentials_unusable, std::move(text)}; }

bool is_uri_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("-._~%:[]@!$'()*+,=&/|;?").find(c) != std::string_view::npos;
}

// Whether the URI says something of this attribute. Precondition: check_names() has nothing against it.
bool has_attribute(std::string_view attributes, std::string_view name) {
  while (!attributes.empty()) {
    const auto end = std::min(attributes.find(';'), attributes.size());
    if (attributes.substr(0, end).starts_with(name) && attributes.substr(name.size()).starts_with('='))
      return true;
    attributes.remove_prefix(std::min(end + 1, attributes.size()));
  }
  return false;
}

// p11-kit skips what it does not know and lets the last of two win, so the names are looked at before.
// Dangerous ones are refused wherever they stand: some programs take pin-value in front of the '?' too.
std::optional<at::failure> check_names(std::string_view attributes) {
  std::set<std::string_view> seen;
  bool is_query = false;
  while (!attributes.empty()) {
    const auto end = std::min(attributes.find_first_of(";?&"), attributes.size());
    const auto name = attributes.substr(0, std::min(attributes.find('='), end));
    const auto* const why =
        std::find_if(refused.begin(), refused.end(), [&](const auto& r) { return r.name == name; });
    if (why != refused.end()) return unusable(why->why);
    if (is_query || std::find(taken.begin(), taken.end(), name) == taken.end())
      return unusable(
          "The URI has an attribute other than token, serial, manufacturer, model, object, id and type.");
    if (!seen.insert(name).second) return unusable("The URI has an attribute twice.");
    if (end == attributes.size()) break;
    is_query = attributes[end] != ';';
    attributes.remove_prefix(end + 1);
    if (attributes.empty()) return unusable("The URI ends in the middle.");
  }
  return std::nullopt;
}

// Fields of CK_TOKEN_INFO: filled up with spaces when the URI has them, else all NUL.
template <std::size_t Size>
std::string text_of(const unsigned char (&field)[Size]) {
  if (field[0] == 0) return {};
  return std::string(as_text({field, p11_kit_space_strlen(field, Size)}));
}

bytes_view value_of(P11KitUri* uri, CK_ATTRIBUTE_TYPE type) {
  const CK_ATTRIBUTE* const found = p11_kit_uri_get_attribute(uri, type);
  if (found == nullptr || found->pValue == nullptr) return {};
  return {static_cast<const std::uint8_t*>(found->pValue), found->ulValueLen};
}

bool is_of_other_class(P11KitUri* uri) {
  const CK_ATTRIBUTE* const found = p11_kit_uri_get_attribute(uri, CKA_CLASS);
  return found != nullptr && (found->ulValueLen != sizeof(CK_OBJECT_CLASS) ||
                              *static_cast<const CK_OBJECT_CLASS*>(found->pValue) != CKO_PRIVATE_KEY);
}

}  // namespace

at::result<key_uri> parse_key_uri(std::string_view text) {
  if (!text.starts_with(scheme)) return unusable("A PKCS #11 URI begins with \"pkcs11:\".");
  if (text.size() > max_uri_bytes)
    return unusable("The URI is longer than " + std::to_string(max_uri_bytes) + " bytes.");
  if (!std::all_of(text.begin(), text.end(), is_uri_character))
    return unusable("The URI has characters that must be written as %HH.");
  if (auto wrong = check_names(text.substr(scheme.size()))) return *std::move(wrong);
  const uri_ptr uri(p11_kit_uri_new(), &p11_kit_uri_free);
  if (!uri) return {at::error::memory_failure, "There is no memory for a URI."};
  const int outcome =
      p11_kit_uri_parse(std::string(text).c_str(), P11_KIT_URI_FOR_OBJECT_ON_TOKEN, uri.get());
  if (outcome != P11_KIT_URI_OK || p11_kit_uri_any_unrecognized(uri.get()) != 0)
    return unusable("The URI is not one of RFC 7512.");
  if (is_of_other_class(uri.get())) return unusable("The URI names something else than a private key.");
  const CK_TOKEN_INFO& token = *p11_kit_uri_get_token_info(uri.get());
  const auto id = value_of(uri.get(), CKA_ID);
  key_uri made{text_of(token.label),
               text_of(token.serialNumber),
               text_of(token.manufacturerID),
               text_of(token.model),
               std::string(as_text(value_of(uri.get(), CKA_LABEL))),
               bytes(id.begin(), id.end())};
  if (made.token.empty() && made.serial.empty())
    return unusable("The URI names no token: it needs token or serial.");
  if (made.label.empty() && made.id.empty()) return unusable("The URI names no key: it needs object or id.");
  const std::array<std::pair<std::string_view, bool>, 6> values = {
      {{"token", made.token.empty()},
       {"serial", made.serial.empty()},
       {"manufacturer", made.manufacturer.empty()},
       {"model", made.model.empty()},
       {"object", made.label.empty()},
       {"id", made.id.empty()}}};
  // Taken for "anything", it would mean less than its author thinks.
  for (const auto& [name, is_empty] : values)
    if (is_empty && has_attribute(text.substr(scheme.size()), name))
      return unusable("The URI has an attribute without a value.");
  return made;
}

}  // namespace tlsmodem::pkcs11

#include "credential.hpp"

#include <openssl/asn1t.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>

namespace tlsmodem::tls {
namespace {

constexpr std::string_view begin_mark = "-----BEGIN ";
constexpr std::string_view end_mark = "-----END ";
constexpr std::string_view dashes = "-----";
constexpr std::uint8_t der_sequence = 0x30;

struct pem_block {
  std::string_view label;
  std::string_view text;  // with both lines
};

at::failure unusable(std::string text) { return {at::error::credentials_unusable, std::move(text)}; }

bool is_pem(bytes_view data) {
  return data.front() != der_sequence && as_text(data).find(begin_mark) != std::string_view::npos;
}

// Programs in C send strings with the NUL at their end, or buffers that they did not fill.
bool is_blank(std::string_view text) {
  using namespace std::string_view_literals;
  return text.find_first_not_of(" \t\r\n\0"sv) == std::string_view::npos;
}

// RFC 7468 section 2: text in front of a block explains it and is skipped; behind the last one nothing may
// come but blanks, or a cut-off block would be ignored silently.
std::optional<std::vector<pem_block>> split_pem(std::string_view text) {
  std::vector<pem_block> blocks;
  for (;;) {
    const auto begin = text.find(begin_mark);
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    const auto label_end = text.find(dashes, begin_mark.size());
    if (label_end == std::string_view::npos) return std::nullopt;
    const auto label = text.substr(begin_mark.size(), label_end - begin_mark.size());
    const std::string last_line = std::string(end_mark).append(label).append(dashes);
    const auto end = text.find(last_line);
    if (end == std::string_view::npos) return std::nullopt;
    blocks.push_back({label, text.substr(0, end + last_line.size())});
    text.remove_prefix(end + last_line.size());
  }
  if (!is_blank(text)) return std::nullopt;
  return blocks;
}

// Whether `data` is exactly one DER value.
bool is_one_der_value(bytes_view data) {
  const unsigned char* position = data.data();
  long length = 0;
  int tag = 0;
  int kind = 0;
  const int flags = ASN1_get_object(&position, &length, &tag, &kind, static_cast<long>(data.size()));
  // 0x80: an error; bit 0: indefinite length, which is not DER.
  return (flags & 0x81) == 0 && position + length == data.data() + data.size();
}

// What a list may consist of.
template <typename Object>
struct kind;
template <>
struct kind<X509> {
  static constexpr std::string_view name = "certificate";
  static bool has_label(std::string_view label) {
    return label == PEM_STRING_X509 || label == PEM_STRING_X509_OLD;
  }
  static X509* from_pem(BIO* source) { return PEM_read_bio_X509(source, nullptr, nullptr, nullptr); }
  static X509* from_der(const unsigned char** position, long size) {
    return d2i_X509(nullptr, position, size);
  }
};
template <>
struct kind<X509_CRL> {
  static constexpr std::string_view name = "revocation list";
  static bool has_label(std::string_view label) { return label == PEM_STRING_X509_CRL; }
  static X509_CRL* from_pem(BIO* source) { return PEM_read_bio_X509_CRL(source, nullptr, nullptr, nullptr); }
  static X509_CRL* from_der(const unsigned char** position, long size) {
    return d2i_X509_CRL(nullptr, position, size);
  }
};

template <typename Object>
using list_of = std::vector<std::shared_ptr<Object>>;

at::failure no_object(std::string_view what, std::string_view name) {
  return unusable(std::string(what).append(name) + ": " + reason_text(ERR_peek_last_error()));
}

template <typename Object>
at::result<list_of<Object>> list_from_pem(bytes_view data) {
  const auto blocks = split_pem(as_text(data));
  if (!blocks) return unusable("the PEM text is cut off or has bytes behind its last block");
  list_of<Object> list;
  for (const pem_block& block : *blocks) {
    if (!kind<Object>::has_label(block.label))
      return unusable("a PEM block is not a " + std::string(kind<Object>::name));
    const bio_ptr source = reading_bio(as_bytes(block.text));
    auto object = share(kind<Object>::from_pem(source.get()));
    if (!object) return no_object("a PEM block holds no ", kind<Object>::name);
    list.push_back(std::move(object));
  }
  return list;
}

template <typename Object>
at::result<list_of<Object>> list_from_der(bytes_view data) {
  list_of<Object> list;
  const unsigned char* position = data.data();
  const unsigned char* const end = data.data() + data.size();
  while (position != end) {
    auto object = share(kind<Object>::from_der(&position, end - position));
    if (!object) return no_object("the data is no ", kind<Object>::name);
    list.push_back(std::move(object));
  }
  return list;
}

template <typename Object>
at::result<list_of<Object>> parse_list(bytes_view data) {
  const error_queue_scope scope;
  if (data.empty())
    return unusable("there is no " + std::string(kind<Object>::name) + " in an empty payload");
  return is_pem(data) ? list_from_pem<Object>(data) : list_from_der<Object>(data);
}

// OpenSSL's way to ask for the password. Without one it would ask at the terminal, so this is always given.
int give_password(char* buffer, int room, int, void* argument) {
  const auto* password = static_cast<const secret*>(argument);
  if (password == nullptr || password->size() > static_cast<std::size_t>(room)) return -1;
  std::memcpy(buffer, password->view().data(), password->size());
  return static_cast<int>(password->size());
}

at::failure no_key(bool encrypted, const secret* password) {
  if (!encrypted) return unusable("the data is no private key: " + reason_text(ERR_peek_last_error()));
  return unusable(password == nullptr ? "the private key is encrypted and there is no password"
                                      : "the private key could not be decrypted");
}

using pkcs8_ptr = std::unique_ptr<X509_SIG, openssl_deleter<&X509_SIG_free>>;

// Deriving a key from a password takes as long as whoever encrypted it wished, and everybody waits meanwhile.
// OpenSSL writes 2,048 rounds, others some hundred thousand.
constexpr long max_derivation_rounds = 2'000'000;

template <typename Parameters, auto Free>
long rounds_of(const X509_ALGOR* algorithm, const ASN1_ITEM* as, ASN1_INTEGER* Parameters::*member) {
  const void* encoded = nullptr;
  int type = 0;
  X509_ALGOR_get0(nullptr, &type, &encoded, algorithm);
  if (type != V_ASN1_SEQUENCE) return 0;
  const std::unique_ptr<Parameters, openssl_deleter<Free>> parameters(
      static_cast<Parameters*>(ASN1_item_unpack(static_cast<const ASN1_STRING*>(encoded), as)));
  return parameters ? ASN1_INTEGER_get(parameters.get()->*member) : 0;
}

// RFC 8018: 6.2 (PBES2 with PBKDF2), or 6.1. scrypt has a limit of OpenSSL's own.
bool has_too_many_rounds(const X509_SIG* sealed) {
  const X509_ALGOR* algorithm = nullptr;
  X509_SIG_get0(sealed, &algorithm, nullptr);
  long rounds = 0;
  if (OBJ_obj2nid(algorithm->algorithm) != NID_pbes2) {
    rounds = rounds_of<PBEPARAM, &PBEPARAM_free>(algorithm, ASN1_ITEM_rptr(PBEPARAM), &PBEPARAM::iter);
  } else if (algorithm->parameter != nullptr && algorithm->parameter->type == V_ASN1_SEQUENCE) {
    const std::unique_ptr<PBE2PARAM, openssl_deleter<&PBE2PARAM_free>> parameters(static_cast<PBE2PARAM*>(
        ASN1_item_unpack(algorithm->parameter->value.sequence, ASN1_ITEM_rptr(PBE2PARAM))));
    if (parameters && OBJ_obj2nid(parameters->keyfunc->algorithm) == NID_id_pbkdf2)
      rounds = rounds_of<PBKDF2PARAM, &PBKDF2PARAM_free>(parameters->keyfunc, ASN1_ITEM_rptr(PBKDF2PARAM),
                                                         &PBKDF2PARAM::iter);
  }
  return rounds < 0 || rounds > max_derivation_rounds;
}

at::failure too_many_rounds() {
  return unusable("the private key's password derivation has more than 2,000,000 rounds");
}

// A signature takes as long as whoever made the key wished, and everybody waits meanwhile: its exponents are
// in the key. libcrypto verifies by RSA keys of up to 16,384 bits, so no more is of use.
constexpr std::size_t max_key_number_bytes = OPENSSL_RSA_MAX_MODULUS_BITS / 8 + 1;  // DER: a zero in front

// `is_outermost`: of PKCS #8, whose OCTET STRING holds the key.
bool has_long_number(bytes_view der, bool is_outermost) {
  const unsigned char* position = der.data();
  const unsigned char* const end = position + der.size();
  while (position != end) {
    long size = 0;
    int tag = 0;
    int kind = 0;
    const int flags = ASN1_get_object(&position, &size, &tag, &kind, end - position);
    if ((flags & 0x81) != 0) return false;  // what is no DER inside is no list of numbers
    const bytes_view value{position, static_cast<std::size_t>(size)};
    if (tag == V_ASN1_INTEGER && value.size() > max_key_number_bytes) return true;
    if ((flags & V_ASN1_CONSTRUCTED) != 0
            ? has_long_number(value, is_outermost)
            : is_outermost && tag == V_ASN1_OCTET_STRING && has_long_number(value, false))
      return true;
    position += size;
  }
  return false;
}

at::result<private_key> key_from_pem(bytes_view data, const secret* password) {
  auto blocks = split_pem(as_text(data));
  if (!blocks) return unusable("the PEM text is cut off or has bytes behind its last block");
  // `openssl ecparam -genkey` writes the curve in a block of its own; the key repeats it.
  std::erase_if(*blocks, [](const pem_block& block) { return block.label == PEM_STRING_ECPARAMETERS; });
  if (blocks->size() != 1) return unusable("the PEM text does not hold exactly one private key");
  const std::string_view text = blocks->front().text;
  const bool encrypted = blocks->front().label == PEM_STRING_PKCS8 ||
                         text.find("Proc-Type: 4,ENCRYPTED") != std::string_view::npos;
  if (blocks->front().label == PEM_STRING_PKCS8) {
    const bio_ptr peeked = reading_bio(as_bytes(text));
    const pkcs8_ptr sealed(PEM_read_bio_PKCS8(peeked.get(), nullptr, nullptr, nullptr));
    if (sealed && has_too_many_rounds(sealed.get())) return too_many_rounds();
  }
  const bio_ptr source = reading_bio(as_bytes(text));
  auto key =
      share(PEM_read_bio_PrivateKey(source.get(), nullptr, give_password, const_cast<secret*>(password)));
  if (!key) return no_key(encrypted, password);
  return key;
}

at::result<private_key> key_from_der(bytes_view data, const secret* password) {
  if (!is_one_der_value(data)) return unusable("the data is not exactly one DER value");
  const unsigned char* position = data.data();
  if (auto key = share(d2i_AutoPrivateKey(nullptr, &position, static_cast<long>(data.size())))) return key;
  const unsigned char* again = data.data();
  const pkcs8_ptr sealed(d2i_X509_SIG(nullptr, &again, static_cast<long>(data.size())));
  if (!sealed || password == nullptr) return no_key(sealed != nullptr, password);
  if (has_too_many_rounds(sealed.get())) return too_many_rounds();
  const bio_ptr source = reading_bio(data);
  auto key =
      share(d2i_PKCS8PrivateKey_bio(source.get(), nullptr, give_password, const_cast<secret*>(password)));
  if (!key) return no_key(true, password);
  return key;
}

}  // namespace

at::result<certificate_list> parse_certificates(bytes_view data) { return parse_list<X509>(data); }

at::result<revocation_lists> parse_revocation_lists(bytes_view data) { return parse_list<X509_CRL>(data); }

at::result<private_key> parse_private_key(bytes_view data, const secret* password) {
  const error_queue_scope scope;
  if (data.empty()) return unusable("there is no private key in an empty payload");
  auto key = is_pem(data) ? key_from_pem(data, password) : key_from_der(data, password);
  // Shorter than one such number, it has none.
  if (!key || data.size() <= max_key_number_bytes) return key;
  const auto content = to_pkcs8(*key);
  if (!content) return content.why();
  if (has_long_number(content->view(), true))
    return unusable("the private key has a number of more than 16,384 bits");
  return key;
}

at::failure unusable_credential(const char* what) {
  return unusable(std::string(what) + ": " + reason_text(ERR_peek_last_error()));
}

at::result<secret> to_pkcs8(const private_key& key) {
  const error_queue_scope scope;
  using info_ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, openssl_deleter<&PKCS8_PRIV_KEY_INFO_free>>;
  const info_ptr info(EVP_PKEY2PKCS8(key.get()));
  const int size = info ? i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr) : -1;
  if (size <= 0) return unusable("the private key has no PKCS #8 form");
  bytes der(static_cast<std::size_t>(size));
  unsigned char* position = der.data();
  i2d_PKCS8_PRIV_KEY_INFO(info.get(), &position);
  return secret(std::move(der));
}

}  // namespace tlsmodem::tls

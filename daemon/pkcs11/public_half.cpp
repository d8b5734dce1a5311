#include "public_half.hpp"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace tlsmodem::pkcs11 {
namespace {

constexpr std::array<std::uint8_t, 10> p256 = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::array<std::uint8_t, 7> p384 = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};

using evp_pkey_ptr = tls::private_key;

at::failure unusable(std::string text) { return {at::error::credentials_unusable, std::move(text)}; }

CK_ULONG number_of(const bytes& value) {
  CK_ULONG number = CK_UNAVAILABLE_INFORMATION;
  if (value.size() == sizeof number) std::memcpy(&number, value.data(), sizeof number);
  return number;
}

evp_pkey_ptr from_parameters(const char* algorithm, OSSL_PARAM_BLD* build) {
  using params_ptr = std::unique_ptr<OSSL_PARAM, openssl_deleter<&OSSL_PARAM_free>>;
  using context_ptr = std::unique_ptr<EVP_PKEY_CTX, openssl_deleter<&EVP_PKEY_CTX_free>>;
  const params_ptr params(OSSL_PARAM_BLD_to_param(build));
  const context_ptr context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  EVP_PKEY* made = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
    return nullptr;
  return tls::share(made);
}

using build_ptr = std::unique_ptr<OSSL_PARAM_BLD, openssl_deleter<&OSSL_PARAM_BLD_free>>;

evp_pkey_ptr ec_key(const char* group, bytes_view point) {
  const build_ptr build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
  OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  return from_parameters("EC", build.get());
}

evp_pkey_ptr rsa_key(bytes_view modulus, bytes_view exponent) {
  using number_ptr = std::unique_ptr<BIGNUM, openssl_deleter<&BN_free>>;
  const auto number = [](bytes_view value) {
    return number_ptr(BN_bin2bn(value.data(), static_cast<int>(value.size()), nullptr));
  };
  const auto n = number(modulus);
  const auto e = number(exponent);
  const build_ptr build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  return from_parameters("RSA", build.get());
}

// PKCS #11 wants the point in an OCTET STRING; some tokens show it bare.
bytes unwrapped(const bytes& point) {
  using octets_ptr = std::unique_ptr<ASN1_OCTET_STRING, openssl_deleter<&ASN1_OCTET_STRING_free>>;
  const unsigned char* position = point.data();
  const octets_ptr octets(d2i_ASN1_OCTET_STRING(nullptr, &position, static_cast<long>(point.size())));
  if (!octets || position != point.data() + point.size()) return point;
  const unsigned char* const data = ASN1_STRING_get0_data(octets.get());
  return {data, data + ASN1_STRING_length(octets.get())};
}

// Null when the object does not show it.
evp_pkey_ptr shown_by(const session& in, CK_OBJECT_HANDLE object, CK_KEY_TYPE type) {
  if (type == CKK_RSA) {
    const auto modulus = in.attribute(object, CKA_MODULUS);
    const auto exponent = in.attribute(object, CKA_PUBLIC_EXPONENT);
    return modulus.empty() || exponent.empty() ? nullptr : rsa_key(modulus, exponent);
  }
  const auto parameters = in.attribute(object, CKA_EC_PARAMS);
  const auto point = in.attribute(object, CKA_EC_POINT);
  if (point.empty()) return nullptr;
  return ec_key(std::ranges::equal(parameters, p384) ? "P-384" : "P-256", unwrapped(point));
}

evp_pkey_ptr certified_by(const session& in, CK_OBJECT_HANDLE certificate) {
  const auto content = in.attribute(certificate, CKA_VALUE);
  if (content.empty()) return nullptr;
  const auto parsed = tls::parse_certificates(content);
  return parsed ? tls::share(X509_get_pubkey(parsed->front().get())) : nullptr;
}

// What belongs together has the same CKA_ID.
std::optional<CK_OBJECT_HANDLE> companion(const session& in, CK_OBJECT_CLASS kind, const bytes& id) {
  if (id.empty()) return std::nullopt;
  std::array pattern = {attribute_of(CKA_CLASS, kind), attribute_of(CKA_ID, id)};
  const auto found = in.find(pattern);
  if (!found || found->empty()) return std::nullopt;
  return found->front();
}

bool is_supported(const session& in, CK_OBJECT_HANDLE key, CK_KEY_TYPE type) {
  if (type == CKK_RSA) return true;
  const auto parameters = in.attribute(key, CKA_EC_PARAMS);
  return type == CKK_EC && (std::ranges::equal(parameters, p256) || std::ranges::equal(parameters, p384));
}

}  // namespace

bytes_view p256_parameters() { return p256; }

at::result<tls::private_key> public_half_of(const session& in, CK_OBJECT_HANDLE private_key) {
  const tls::error_queue_scope scope;
  const auto type = number_of(in.attribute(private_key, CKA_KEY_TYPE));
  if (!is_supported(in, private_key, type))
    return unusable("The key in the token is neither RSA nor EC on P-256 or P-384.");
  if (auto shown = shown_by(in, private_key, type)) return shown;
  const auto id = in.attribute(private_key, CKA_ID);
  if (const auto object = companion(in, CKO_PUBLIC_KEY, id))
    if (auto shown = shown_by(in, *object, type)) return shown;
  if (const auto object = companion(in, CKO_CERTIFICATE, id))
    if (auto certified = certified_by(in, *object)) return certified;
  return unusable(
      "The token shows no public key to the private one: neither a public key nor a certificate has its id.");
}

}  // namespace tlsmodem::pkcs11

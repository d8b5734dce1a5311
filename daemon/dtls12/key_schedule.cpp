#include "key_schedule.hpp"

#include "daemon/support/openssl_deleter.hpp"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace tlsmodem::dtls12 {
namespace {

using kdf_ptr = std::unique_ptr<EVP_KDF, openssl_deleter<&EVP_KDF_free>>;
using kdf_ctx_ptr = std::unique_ptr<EVP_KDF_CTX, openssl_deleter<&EVP_KDF_CTX_free>>;

bool expand(const char* digest, bytes_view master_secret, bytes& seed, bytes& out) {
  static const kdf_ptr kdf(EVP_KDF_fetch(nullptr, "TLS1-PRF", nullptr));
  const kdf_ctx_ptr context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
  if (!context) return false;
  // OSSL_PARAM takes pointers to what it may change; these are only read.
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(digest), 0),
      OSSL_PARAM_construct_octet_string(
          OSSL_KDF_PARAM_SECRET, const_cast<std::uint8_t*>(master_secret.data()), master_secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed.data(), seed.size()),
      OSSL_PARAM_construct_end()};
  return EVP_KDF_derive(context.get(), out.data(), out.size(), parameters) > 0;
}

}  // namespace

std::optional<connection_keys> derive_keys(const protection_suite& suite, const char* prf_digest,
                                           bytes_view master_secret, bytes_view client_random,
                                           bytes_view server_random) {
  const auto& shape = shape_of(suite.cipher);
  const std::size_t mac_bytes = size_of(suite.mac);
  constexpr std::string_view label = "key expansion";  // RFC 5246 6.3
  bytes seed(label.size() + server_random.size() + client_random.size());
  auto end = std::copy(label.begin(), label.end(), seed.begin());
  end = std::copy(server_random.begin(), server_random.end(), end);
  std::copy(client_random.begin(), client_random.end(), end);
  bytes block(2 * (mac_bytes + shape.key_bytes + shape.fixed_iv_bytes));
  const bool is_done = expand(prf_digest, master_secret, seed, block);
  const secret wiped(std::move(block));
  if (!is_done) return std::nullopt;
  bytes_view rest = wiped.view();
  const auto take = [&rest](std::size_t size) {
    secret taken(rest.first(size));
    rest = rest.subspan(size);
    return taken;
  };
  connection_keys keys;
  for (auto* side : {&keys.client, &keys.server}) side->mac = take(mac_bytes);
  for (auto* side : {&keys.client, &keys.server}) side->key = take(shape.key_bytes);
  for (auto* side : {&keys.client, &keys.server}) side->iv = take(shape.fixed_iv_bytes);
  return keys;
}

}  // namespace tlsmodem::dtls12

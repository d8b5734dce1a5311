// Keys whose signatures are made elsewhere, without a token: a local key plays it.
#include "daemon/pkcs11/signing.hpp"

#include "daemon/tls/certificate_request.hpp"
#include "daemon/tls/key_failure.hpp"
#include "tests/support/pki.hpp"

#include <gtest/gtest.h>
#include <openssl/rsa.h>

#include <vector>

namespace tlsmodem::test {
namespace {

// What a token answers to CKM_ECDSA, CKM_RSA_PKCS and CKM_RSA_X_509.
class local_signer final : public pkcs11::remote_key {
 public:
  explicit local_signer(std::shared_ptr<EVP_PKEY> key) : key_(std::move(key)) {}

  bytes sign(CK_MECHANISM_TYPE mechanism, bytes_view input) override {
    asked.emplace_back(mechanism, input.size());
    if (!works) {
      tls::raise_key_failure("the reason");
      return {};
    }
    std::shared_ptr<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new(key_.get(), nullptr), &EVP_PKEY_CTX_free);
    EVP_PKEY_sign_init(context.get());
    if (mechanism != CKM_ECDSA)
      EVP_PKEY_CTX_set_rsa_padding(context.get(),
                                   mechanism == CKM_RSA_PKCS ? RSA_PKCS1_PADDING : RSA_NO_PADDING);
    std::size_t size = 1024;
    bytes made(size);
    EXPECT_EQ(EVP_PKEY_sign(context.get(), made.data(), &size, input.data(), input.size()), 1);
    made.resize(size);
    return mechanism == CKM_ECDSA ? r_and_s(made) : made;
  }

  bool works = true;
  std::vector<std::pair<CK_MECHANISM_TYPE, std::size_t>> asked;

 private:
  bytes r_and_s(const bytes& der) const {
    const auto half = (static_cast<std::size_t>(EVP_PKEY_get_bits(key_.get())) + 7) / 8;
    const unsigned char* position = der.data();
    const std::shared_ptr<ECDSA_SIG> signature(
        d2i_ECDSA_SIG(nullptr, &position, static_cast<long>(der.size())), &ECDSA_SIG_free);
    bytes out(2 * half);
    BN_bn2binpad(ECDSA_SIG_get0_r(signature.get()), out.data(), static_cast<int>(half));
    BN_bn2binpad(ECDSA_SIG_get0_s(signature.get()), out.data() + half, static_cast<int>(half));
    return out;
  }

  std::shared_ptr<EVP_PKEY> key_;
};

struct remote {
  std::shared_ptr<EVP_PKEY> local;
  std::shared_ptr<local_signer> signer;
  tls::private_key key;
};

remote make_remote(key_kind kind) {
  auto local = make_key(kind);
  auto signer = std::make_shared<local_signer>(local);
  auto key = pkcs11::make_private_key(local.get(), signer);
  return {local, signer, key};
}

const bytes message = to_bytes("what is signed");

// An empty signature: it failed.
bytes sign(EVP_PKEY* key, const EVP_MD* digest, int rsa_padding) {
  const std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_PKEY_CTX* options = nullptr;
  EXPECT_EQ(EVP_DigestSignInit(context.get(), &options, digest, nullptr, key), 1);
  if (rsa_padding != 0) {
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(options, rsa_padding), 1);
  }
  std::size_t size = 0;
  EXPECT_EQ(EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()), 1);
  bytes made(size);
  if (EVP_DigestSign(context.get(), made.data(), &size, message.data(), message.size()) != 1) return {};
  made.resize(size);
  return made;
}

bool verifies(EVP_PKEY* key, const EVP_MD* digest, int rsa_padding, const bytes& signature) {
  const std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_PKEY_CTX* options = nullptr;
  EXPECT_EQ(EVP_DigestVerifyInit(context.get(), &options, digest, nullptr, key), 1);
  if (rsa_padding != 0) {
    EXPECT_EQ(EVP_PKEY_CTX_set_rsa_padding(options, rsa_padding), 1);
  }
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

TEST(remote_signature, is_that_of_the_key) {
  const struct {
    key_kind kind;
    const EVP_MD* digest;
    int padding;
    CK_MECHANISM_TYPE mechanism;
    std::size_t input_bytes;
  } rows[] = {{key_kind::ec_p256, EVP_sha256(), 0, CKM_ECDSA, 32},
              {key_kind::ec_p256, EVP_sha512(), 0, CKM_ECDSA, 32},  // the leftmost bits
              {key_kind::ec_p384, EVP_sha256(), 0, CKM_ECDSA, 32},
              {key_kind::ec_p384, EVP_sha512(), 0, CKM_ECDSA, 48},
              {key_kind::rsa_2048, EVP_sha256(), RSA_PKCS1_PADDING, CKM_RSA_PKCS, 51},
              {key_kind::rsa_2048, EVP_sha256(), RSA_PKCS1_PSS_PADDING, CKM_RSA_X_509, 256}};
  for (const auto& row : rows) {
    const auto made = make_remote(row.kind);
    ASSERT_NE(made.key, nullptr);
    EXPECT_EQ(EVP_PKEY_eq(made.key.get(), made.local.get()), 1);
    const auto signature = sign(made.key.get(), row.digest, row.padding);
    EXPECT_TRUE(verifies(made.local.get(), row.digest, row.padding, signature));
    ASSERT_EQ(made.signer->asked.size(), 1U);
    EXPECT_EQ(made.signer->asked.front(), std::pair(row.mechanism, row.input_bytes));
  }
}

TEST(remote_signature, that_fails_has_its_reason_in_the_queue) {
  for (const auto kind : {key_kind::ec_p256, key_kind::rsa_2048}) {
    const tls::error_queue_scope scope;
    const auto made = make_remote(kind);
    made.signer->works = false;
    EXPECT_TRUE(sign(made.key.get(), EVP_sha256(), 0).empty());
    EXPECT_EQ(tls::raised_key_failure(), "the reason");
    const auto request = tls::make_certificate_request(made.key, "device");
    ASSERT_FALSE(request);
    EXPECT_EQ(request.why().text, "the reason");
  }
}

TEST(remote_key, of_another_kind_is_not_made) {
  const auto key = make_key(key_kind::ed25519);
  EXPECT_EQ(pkcs11::make_private_key(key.get(), std::make_shared<local_signer>(key)), nullptr);
}

TEST(remote_key, holds_its_signer_and_lets_it_go) {
  auto made = make_remote(key_kind::ec_p256);
  const std::weak_ptr<local_signer> watched = made.signer;
  made.signer.reset();
  EXPECT_FALSE(watched.expired());
  made.key.reset();
  EXPECT_TRUE(watched.expired());
}

TEST(certificate_request, is_signed_by_its_key_and_has_its_name) {
  const auto root = make_root("root");
  for (const auto kind : {key_kind::ec_p256, key_kind::ec_p384, key_kind::rsa_2048}) {
    const auto made = make_remote(kind);
    const auto request = tls::make_certificate_request(made.key, "device");
    ASSERT_TRUE(request) << request.why().text;
    const auto issued = issue_on(root, *request);
    ASSERT_NE(issued.key, nullptr);
    EXPECT_EQ(EVP_PKEY_eq(issued.key.get(), made.local.get()), 1);
  }
}

}  // namespace
}  // namespace tlsmodem::test

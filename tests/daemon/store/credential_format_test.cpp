// Persistent credentials as rows: what is written is read again, and nothing else is.
#include "daemon/store/credential_format.hpp"

#include "daemon/store/database.hpp"
#include "protocol/limits.hpp"
#include "tests/support/pki.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

namespace tlsmodem::test {
namespace {

using enum at::credential_type;

TEST(credential_row_name, is_read_as_it_is_written) {
  const credential_name names[] = {
      {0, trusted}, {7, psk_identity}, {8, key_uri}, {at::max_tag, revocation_lists}};
  for (const auto& name : names) EXPECT_EQ(parse_row_name(row_name(name)), name);
  EXPECT_EQ(row_name({at::max_tag, revocation_lists}), "2147483647/5");
}

TEST(credential_row_name, in_another_way_is_no_name) {
  for (const auto* text : {"", "/", "1", "1/", "/1", "1/7", "1/-1", "-1/1", "01/1", "1/01", "+1/1", "1/1/1",
                           " 1/1", "1/1 ", "2147483648/1", "99999999999999999999/1", "a/1", "1/a", "1.0/1"})
    EXPECT_FALSE(parse_row_name(text)) << text;
}

const identity& root() {
  static const identity made = make_root("root");
  return made;
}

TEST(credential_row_content, is_read_as_it_is_written) {
  const secret password(as_bytes("sesame"));
  const struct {
    at::credential_type type;
    std::string content;
  } cases[] = {{trusted, to_pem(root().certificate.get())},
               {own_chain, to_pem(root().certificate.get())},
               {private_key, to_pem(root().key.get(), "sesame")},
               {psk, std::string("\0\x01\xff", 3)},
               {psk_identity, "me"},
               {key_uri, "pkcs11:token=t;id=%01"},
               {revocation_lists, to_pem(make_revocation_list(root(), {}).get())}};
  for (const auto& c : cases) {
    const auto written = parse_credential(c.type, as_bytes(c.content), &password);
    ASSERT_TRUE(written) << written.why().text;
    const auto row = row_content(*written);
    ASSERT_TRUE(row);
    const auto read = parse_row_content(c.type, row->view());
    ASSERT_TRUE(read) << read.why().text;
    EXPECT_EQ(read->sha256, written->sha256);
    EXPECT_EQ(read->size, written->size);
    EXPECT_EQ(as_text(read->content.view()), as_text(written->content.view()));
    EXPECT_EQ(read->key == nullptr, written->key == nullptr);
    EXPECT_EQ(read->uri, written->uri);
    if (read->key) {
      EXPECT_EQ(EVP_PKEY_eq(read->key.get(), written->key.get()), 1);
    }
  }
}

void expect_back(at::credential_type type, bytes_view content) {
  const auto written = parse_credential(type, content, nullptr);
  ASSERT_TRUE(written) << written.why().text;
  const auto row = row_content(*written);
  ASSERT_TRUE(row);
  ASSERT_FALSE(store::check({store::table::credentials, 1, row_name({at::max_tag, type}), row->clone()}));
  const auto read = parse_row_content(type, row->view());
  ASSERT_TRUE(read) << read.why().text;
  EXPECT_EQ(read->sha256, written->sha256);
  EXPECT_EQ(read->size, written->size);
  const auto again = row_content(*read);
  ASSERT_TRUE(again);
  EXPECT_TRUE(std::ranges::equal(again->view(), row->view()));
}

TEST(credential_row_content, of_the_shortest_and_the_longest_is_read) {
  for (const std::size_t size : {1U, 16U, 512U}) expect_back(psk, bytes(size, 0));
  for (const std::size_t size : {1U, 256U}) expect_back(psk_identity, bytes(size, 0xff));
  const std::string uri = "pkcs11:token=t;object=";
  expect_back(key_uri, as_bytes(uri + std::string(pkcs11::max_uri_bytes - uri.size(), 'o')));
  // As many as one payload has room for.
  const auto one = to_der(root().certificate.get());
  bytes many;
  while (many.size() + one.size() <= at::max_payload_bytes) many.insert(many.end(), one.begin(), one.end());
  expect_back(trusted, many);
  expect_back(own_chain, many);
}

// Every kind of key that libcrypto makes, of which AT#TCRED takes more than a handshake does.
TEST(credential_row_content, of_a_key_of_any_kind_is_read) {
  const struct {
    const char* algorithm;
    const char* name;
    const char* value;
  } kinds[] = {{"EC", "ec_paramgen_curve", "P-256"},
               {"EC", "ec_paramgen_curve", "P-384"},
               {"EC", "ec_paramgen_curve", "P-521"},
               {"EC", "ec_paramgen_curve", "secp256k1"},
               {"EC", "ec_paramgen_curve", "brainpoolP512r1"},
               {"SM2", "ec_paramgen_curve", "SM2"},
               {"RSA", "rsa_keygen_bits", "1024"},
               {"RSA-PSS", "rsa_keygen_bits", "1024"},
               {"DH", "group", "ffdhe2048"},
               {"ED25519", nullptr, nullptr},
               {"ED448", nullptr, nullptr},
               {"X25519", nullptr, nullptr},
               {"X448", nullptr, nullptr}};
  for (const auto& kind : kinds) {
    SCOPED_TRACE(std::string(kind.algorithm) + " " + (kind.value == nullptr ? "" : kind.value));
    const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
        EVP_PKEY_CTX_new_from_name(nullptr, kind.algorithm, nullptr), &EVP_PKEY_CTX_free);
    ASSERT_NE(context, nullptr);
    ASSERT_EQ(EVP_PKEY_keygen_init(context.get()), 1);
    if (kind.name != nullptr) {
      ASSERT_EQ(EVP_PKEY_CTX_ctrl_str(context.get(), kind.name, kind.value), 1);
    }
    EVP_PKEY* made = nullptr;
    ASSERT_EQ(EVP_PKEY_generate(context.get(), &made), 1);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(made, &EVP_PKEY_free);
    expect_back(private_key, as_bytes(to_pem(key.get())));
    expect_back(private_key, to_der(key.get()));
  }
}

TEST(credential_row_content, of_another_format_is_refused) {
  const auto good = row_content(*parse_credential(psk, as_bytes("secret"), nullptr));
  ASSERT_TRUE(good);
  const bytes content(good->view().begin(), good->view().end());
  ASSERT_TRUE(parse_row_content(psk, content));
  const auto changed = [&content](std::size_t at) {
    auto copy = content;
    copy[at] = static_cast<std::uint8_t>(copy[at] ^ 1U);
    return copy;
  };
  const struct {
    const char* name;
    at::credential_type type;
    bytes content;
  } cases[] = {
      {"empty", psk, {}},
      {"cut_head", psk, bytes(content.begin(), content.begin() + 32)},
      {"nothing_behind_the_head", psk, bytes(content.begin(), content.begin() + 33)},
      {"cut", psk, bytes(content.begin(), content.end() - 1)},
      {"other_version", psk, changed(0)},
      {"other_digest", psk, changed(1)},
      {"other_content", psk, changed(33)},
      {"other_type", trusted, content},
      {"key_that_is_none", private_key, content},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_row_content(c.type, c.content);
    ASSERT_FALSE(parsed) << c.name;
    EXPECT_EQ(parsed.why().code, at::error::credentials_unusable);
  }
}

}  // namespace
}  // namespace tlsmodem::test

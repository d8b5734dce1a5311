// What AT#TCRED accepts.
#include "daemon/tls/credential.hpp"

#include "tests/support/pki.hpp"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <functional>
#include <memory>

namespace tlsmodem::test {
namespace {

using pkcs8 = std::unique_ptr<X509_SIG, openssl_deleter<&X509_SIG_free>>;

const identity& one() {
  static const identity made = make_root("One");
  return made;
}
const identity& two() {
  static const identity made = make_root("Two", key_kind::rsa_2048);
  return made;
}

bytes joined(std::initializer_list<bytes> parts) {
  bytes all;
  for (const bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

bytes pem_of(const identity& from) { return to_bytes(to_pem(from.certificate.get())); }
bytes der_of(const identity& from) { return to_der(from.certificate.get()); }

bytes with_crlf(const bytes& text) {
  bytes made;
  for (const std::uint8_t byte : text) {
    if (byte == '\n') made.push_back('\r');
    made.push_back(byte);
  }
  return made;
}

// As a program in C sends a string whose end it counts, or a buffer that it did not fill.
bytes with_end_of_string(bytes text) {
  text.insert(text.end(), {'\0', '\n', '\0', '\0'});
  return text;
}

struct certificate_case {
  const char* name;
  bytes (*make)();
  std::size_t certificates;  // 0: refused
};

class certificate_parsing : public testing::TestWithParam<certificate_case> {};

TEST_P(certificate_parsing, accepts_or_refuses) {
  const auto parsed = tls::parse_certificates(GetParam().make());
  if (GetParam().certificates == 0) {
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.why().code, at::error::credentials_unusable);
    EXPECT_FALSE(parsed.why().text.empty());
  } else {
    ASSERT_TRUE(parsed) << parsed.why().text;
    EXPECT_EQ(parsed->size(), GetParam().certificates);
    EXPECT_EQ(X509_cmp(parsed->front().get(), one().certificate.get()), 0);
  }
  EXPECT_EQ(ERR_peek_error(), 0UL);
}

INSTANTIATE_TEST_SUITE_P(
    payloads, certificate_parsing,
    testing::Values(certificate_case{"pem", [] { return pem_of(one()); }, 1},
                    certificate_case{"pem_chain",
                                     [] {
                                       return joined({pem_of(one()), pem_of(two())});
                                     },
                                     2},
                    certificate_case{"pem_with_crlf", [] { return with_crlf(pem_of(one())); }, 1},
                    certificate_case{"pem_with_nul_behind",
                                     [] {
                                       return joined({pem_of(one()), bytes{0}});
                                     },
                                     1},
                    certificate_case{"pem_with_nuls_and_lines_behind",
                                     [] { return with_end_of_string(with_crlf(pem_of(one()))); }, 1},
                    certificate_case{"pem_chain_of_strings",
                                     [] {
                                       return joined({pem_of(one()), bytes{0}, pem_of(two()), bytes{0}});
                                     },
                                     2},
                    certificate_case{"pem_with_text_behind_nul",
                                     [] {
                                       return joined({pem_of(one()), bytes{0, 'x'}});
                                     },
                                     0},
                    certificate_case{"pem_with_text_in_front",
                                     [] {
                                       return joined({to_bytes("# One\nsubject=One\n"), pem_of(one())});
                                     },
                                     1},
                    certificate_case{"pem_with_blanks_behind",
                                     [] {
                                       return joined({pem_of(one()), to_bytes("\r\n \t\n")});
                                     },
                                     1},
                    certificate_case{"pem_without_last_newline",
                                     [] {
                                       bytes text = pem_of(one());
                                       text.pop_back();
                                       return text;
                                     },
                                     1},
                    certificate_case{"der", [] { return der_of(one()); }, 1},
                    certificate_case{"der_chain",
                                     [] {
                                       return joined({der_of(one()), der_of(two())});
                                     },
                                     2},
                    certificate_case{"empty", [] { return bytes{}; }, 0},
                    certificate_case{"rubbish", [] { return to_bytes("no certificate"); }, 0},
                    certificate_case{"zeros", [] { return bytes(100, 0); }, 0},
                    certificate_case{"pem_with_rubbish_behind",
                                     [] {
                                       return joined({pem_of(one()), to_bytes("x")});
                                     },
                                     0},
                    certificate_case{"pem_with_half_a_block_behind",
                                     [] {
                                       bytes half = pem_of(two());
                                       half.resize(half.size() / 2);
                                       return joined({pem_of(one()), half});
                                     },
                                     0},
                    certificate_case{"pem_with_a_key_among_them",
                                     [] {
                                       return joined({pem_of(one()), to_bytes(to_pem(one().key.get()))});
                                     },
                                     0},
                    certificate_case{"pem_with_damaged_base64",
                                     [] {
                                       bytes text = pem_of(one());
                                       text[60] = '!';
                                       return text;
                                     },
                                     0},
                    certificate_case{"pem_with_no_certificate_inside",
                                     [] {
                                       return to_bytes(
                                           "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
                                     },
                                     0},
                    certificate_case{"pem_marks_only", [] { return to_bytes("-----BEGIN "); }, 0},
                    certificate_case{"der_with_rubbish_behind",
                                     [] {
                                       return joined({der_of(one()), bytes{0}});
                                     },
                                     0},
                    certificate_case{"der_cut",
                                     [] {
                                       bytes data = der_of(one());
                                       data.pop_back();
                                       return data;
                                     },
                                     0},
                    certificate_case{"der_of_a_key", [] { return to_der(one().key.get()); }, 0}),
    [](const auto& payload) { return payload.param.name; });

const bytes& list_pem() {
  static const bytes made = to_bytes(to_pem(make_revocation_list(one(), {two().certificate.get()}).get()));
  return made;
}
const bytes& list_der() {
  static const bytes made = to_der(make_revocation_list(one(), {}).get());
  return made;
}

struct revocation_case {
  const char* name;
  bytes content;
  std::size_t lists;    // 0: refused
  const char* refusal;  // part of it
};

TEST(revocation_list_parsing, accepts_or_refuses) {
  bytes cut = list_der();
  cut.pop_back();
  const revocation_case cases[] = {
      {"pem", list_pem(), 1, ""},
      {"pem_twice", joined({list_pem(), list_pem()}), 2, ""},
      {"pem_with_crlf", with_crlf(list_pem()), 1, ""},
      {"pem_with_nuls_and_lines_behind", with_end_of_string(list_pem()), 1, ""},
      {"pem_with_text_in_front", joined({to_bytes("# revoked\n"), list_pem()}), 1, ""},
      {"der", list_der(), 1, ""},
      {"der_twice", joined({list_der(), list_der()}), 2, ""},
      {"empty", {}, 0, "no revocation list in an empty payload"},
      {"rubbish", to_bytes("no list"), 0, "the data is no revocation list"},
      {"der_cut", cut, 0, "the data is no revocation list"},
      {"der_with_rubbish_behind", joined({list_der(), bytes{0}}), 0, "the data is no revocation list"},
      {"certificate_pem", pem_of(one()), 0, "a PEM block is not a revocation list"},
      {"certificate_der", der_of(one()), 0, "the data is no revocation list"},
      {"pem_with_a_certificate_among_them", joined({list_pem(), pem_of(one())}), 0, "is not a"},
      {"pem_with_rubbish_behind", joined({list_pem(), to_bytes("x")}), 0, "behind its last block"},
      {"pem_without_content", to_bytes("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"), 0,
       "a PEM block holds no revocation list"},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.name);
    const auto parsed = tls::parse_revocation_lists(each.content);
    ASSERT_EQ(static_cast<bool>(parsed), each.lists > 0);
    if (parsed) {
      EXPECT_EQ(parsed->size(), each.lists);
    } else {
      EXPECT_EQ(parsed.why().code, at::error::credentials_unusable);
      EXPECT_NE(parsed.why().text.find(each.refusal), std::string::npos) << parsed.why().text;
    }
    EXPECT_EQ(ERR_peek_error(), 0UL);
  }
}

TEST(key_writing, gives_a_key_that_parses_to_the_same_one) {
  for (const auto kind : {key_kind::ec_p256, key_kind::ec_p384, key_kind::rsa_2048, key_kind::ed25519}) {
    const auto key = make_key(kind);
    const auto der = tls::to_pkcs8(key);
    ASSERT_TRUE(der) << der.why().text;
    const auto again = tls::parse_private_key(der->view(), nullptr);
    ASSERT_TRUE(again) << again.why().text;
    EXPECT_EQ(EVP_PKEY_eq(again->get(), key.get()), 1);
    EXPECT_EQ(ERR_peek_error(), 0UL);
  }
}

struct key_case {
  const char* name;
  bytes (*make)();
  const char* password;  // nullptr: none given
  const char* refusal;   // nullptr: accepted
};

class key_parsing : public testing::TestWithParam<key_case> {};

TEST_P(key_parsing, accepts_or_refuses) {
  std::optional<secret> password;
  if (GetParam().password != nullptr) password.emplace(as_bytes(GetParam().password));
  const auto parsed = tls::parse_private_key(GetParam().make(), password ? &*password : nullptr);
  if (GetParam().refusal != nullptr) {
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.why().code, at::error::credentials_unusable);
    EXPECT_NE(parsed.why().text.find(GetParam().refusal), std::string::npos) << parsed.why().text;
  } else {
    ASSERT_TRUE(parsed) << parsed.why().text;
  }
  EXPECT_EQ(ERR_peek_error(), 0UL);
}

bytes key_pem(const identity& from, const char* password = "") {
  return to_bytes(to_pem(from.key.get(), password));
}

INSTANTIATE_TEST_SUITE_P(
    payloads, key_parsing,
    testing::Values(
        key_case{"pkcs8_ec", [] { return key_pem(one()); }, nullptr, nullptr},
        key_case{"pkcs8_rsa", [] { return key_pem(two()); }, nullptr, nullptr},
        key_case{"pkcs8_ed25519", [] { return to_bytes(to_pem(make_key(key_kind::ed25519).get())); }, nullptr,
                 nullptr},
        key_case{"sec1", [] { return to_bytes(to_traditional_pem(one().key.get())); }, nullptr, nullptr},
        key_case{"pkcs1", [] { return to_bytes(to_traditional_pem(two().key.get())); }, nullptr, nullptr},
        key_case{"sec1_behind_its_parameters",
                 [] {
                   return to_bytes(
                       "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" +
                       to_traditional_pem(one().key.get()));
                 },
                 nullptr, nullptr},
        key_case{"nuls_and_lines_behind", [] { return with_end_of_string(key_pem(one())); }, nullptr,
                 nullptr},
        key_case{"sec1_with_nul_behind",
                 [] { return with_end_of_string(to_bytes(to_traditional_pem(one().key.get()))); }, nullptr,
                 nullptr},
        key_case{"encrypted_with_nul_behind", [] { return with_end_of_string(key_pem(one(), "pw")); }, "pw",
                 nullptr},
        key_case{"crlf", [] { return with_crlf(key_pem(one())); }, nullptr, nullptr},
        key_case{"der", [] { return to_der(one().key.get()); }, nullptr, nullptr},
        key_case{"der_rsa", [] { return to_der(two().key.get()); }, nullptr, nullptr},
        key_case{"unneeded_password", [] { return key_pem(one()); }, "pw", nullptr},
        key_case{"encrypted_pkcs8", [] { return key_pem(one(), "pass word"); }, "pass word", nullptr},
        key_case{"encrypted_sec1", [] { return to_bytes(to_traditional_pem(one().key.get(), "pw")); }, "pw",
                 nullptr},
        key_case{"encrypted_der", [] { return to_der(one().key.get(), "pw"); }, "pw", nullptr},
        key_case{"encrypted_without_password", [] { return key_pem(one(), "pw"); }, nullptr, "no password"},
        key_case{"encrypted_sec1_without_password",
                 [] { return to_bytes(to_traditional_pem(one().key.get(), "pw")); }, nullptr, "no password"},
        key_case{"encrypted_der_without_password", [] { return to_der(one().key.get(), "pw"); }, nullptr,
                 "no password"},
        key_case{"wrong_password", [] { return key_pem(one(), "pw"); }, "other", "could not be decrypted"},
        key_case{"wrong_password_der", [] { return to_der(one().key.get(), "pw"); }, "other",
                 "could not be decrypted"},
        key_case{"empty", [] { return bytes{}; }, nullptr, "empty"},
        key_case{"rubbish", [] { return to_bytes("no key"); }, nullptr, "DER"},
        key_case{"certificate", [] { return pem_of(one()); }, nullptr, "no private key"},
        key_case{"two_keys",
                 [] {
                   return joined({key_pem(one()), key_pem(two())});
                 },
                 nullptr, "exactly one"},
        key_case{"rubbish_behind",
                 [] {
                   return joined({key_pem(one()), to_bytes("x")});
                 },
                 nullptr, "behind"},
        key_case{"der_with_rubbish_behind",
                 [] {
                   return joined({to_der(one().key.get()), bytes{0}});
                 },
                 nullptr, "exactly one"},
        key_case{"der_cut",
                 [] {
                   bytes data = to_der(one().key.get());
                   data.pop_back();
                   return data;
                 },
                 nullptr, "DER"},
        key_case{"der_of_a_certificate", [] { return der_of(one()); }, nullptr, "no private key"}),
    [](const auto& payload) { return payload.param.name; });

bytes der_value(std::uint8_t tag, const bytes& content) {
  const auto size = content.size();
  bytes made{tag, 0x83, static_cast<std::uint8_t>(size >> 16), static_cast<std::uint8_t>(size >> 8),
             static_cast<std::uint8_t>(size)};
  made.insert(made.end(), content.begin(), content.end());
  return made;
}

// RSAPrivateKey of RFC 8017. Its numbers have the right lengths and are no key.
bytes rsa_key_of(std::size_t modulus_bytes, std::size_t exponent_bytes) {
  bytes numbers{2, 1, 0};
  const auto add = [&numbers](std::size_t size) {
    bytes content(size + 1, 0xa5);
    content.front() = 0;
    const auto made = der_value(2, content);
    numbers.insert(numbers.end(), made.begin(), made.end());
  };
  add(modulus_bytes);
  numbers.insert(numbers.end(), {2, 3, 1, 0, 1});
  add(exponent_bytes);
  for (int factors = 0; factors < 2; ++factors) add(modulus_bytes / 2);
  for (int exponents = 0; exponents < 2; ++exponents) add(exponent_bytes);
  add(modulus_bytes / 2);
  return der_value(0x30, numbers);
}

// Who signs by a longer one waits for minutes, and everybody else with him.
TEST(private_keys, have_no_numbers_beyond_what_anybody_verifies) {
  EXPECT_TRUE(tls::parse_private_key(rsa_key_of(2048, 2048), nullptr));
  const std::pair<std::size_t, std::size_t> sizes[] = {{2049, 256}, {256, 2049}, {12'000, 6'000}};
  for (const auto& [modulus, exponent] : sizes) {
    const auto parsed = tls::parse_private_key(rsa_key_of(modulus, exponent), nullptr);
    ASSERT_FALSE(parsed) << modulus << ' ' << exponent;
    EXPECT_EQ(parsed.why().code, at::error::credentials_unusable);
    EXPECT_NE(parsed.why().text.find("more than 16,384 bits"), std::string::npos) << parsed.why().text;
  }
}

// The envelope of an encrypted key that asks for years of work. What is in it does not matter: nobody may
// try.
pkcs8 envelope_with_rounds(int rounds) {
  pkcs8 made(X509_SIG_new());
  X509_ALGOR* algorithm = nullptr;
  ASN1_OCTET_STRING* content = nullptr;
  X509_SIG_getm(made.get(), &algorithm, &content);
  unsigned char salt[] = {1, 2, 3, 4, 5, 6, 7, 8};
  X509_ALGOR* const wanted =
      PKCS5_pbe2_set_iv(EVP_aes_128_cbc(), rounds, salt, sizeof salt, nullptr, NID_hmacWithSHA256);
  X509_ALGOR_copy(algorithm, wanted);
  X509_ALGOR_free(wanted);
  const unsigned char block[16] = {};
  ASN1_OCTET_STRING_set(content, block, sizeof block);
  return made;
}

TEST(private_key_parsing, refuses_a_password_derivation_that_would_stop_everybody) {
  const auto envelope = envelope_with_rounds(0x7fffffff);
  unsigned char* der = nullptr;
  const int size = i2d_X509_SIG(envelope.get(), &der);
  ASSERT_GT(size, 0);
  const bytes encoded(der, der + size);
  OPENSSL_free(der);
  const tls::bio_ptr pem(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8(pem.get(), envelope.get());
  char* text = nullptr;
  const auto length = static_cast<std::size_t>(BIO_get_mem_data(pem.get(), &text));
  const secret password(as_bytes("pw"));
  for (const bytes& data : {encoded, to_bytes({text, length})}) {
    const auto parsed = tls::parse_private_key(data, &password);
    ASSERT_FALSE(parsed);
    EXPECT_NE(parsed.why().text.find("rounds"), std::string::npos) << parsed.why().text;
  }
}

}  // namespace
}  // namespace tlsmodem::test

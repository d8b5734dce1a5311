// URIs of keys: what names a key is taken, what chooses more is not.
#include "daemon/pkcs11/key_uri.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

using pkcs11::key_uri;
using pkcs11::parse_key_uri;

TEST(key_uri, that_names_a_token_and_a_key_is_taken) {
  const struct {
    std::string_view text;
    key_uri is;
  } rows[] = {
      {"pkcs11:token=t;object=k", {"t", "", "", "", "k", {}}},
      {"pkcs11:object=k;token=t", {"t", "", "", "", "k", {}}},
      {"pkcs11:serial=01ab;id=%01%ff%00", {"", "01ab", "", "", "", {0x01, 0xff, 0x00}}},
      {"pkcs11:token=t;id=ab", {"t", "", "", "", "", {'a', 'b'}}},
      {"pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;object=my-certificate;type=private",
       {"The Software PKCS#11 Softtoken", "", "", "", "my-certificate", {}}},
      // What p11tool prints of a key.
      {"pkcs11:model=SoftHSM%20v2;manufacturer=SoftHSM%20project;serial=8a5e;token=dev;id=%0a;object=k;type="
       "private",
       {"dev", "8a5e", "SoftHSM project", "SoftHSM v2", "k", {0x0a}}},
      {"pkcs11:token=a%3Bb%3Dc%3Fpin-value;object=k", {"a;b=c?pin-value", "", "", "", "k", {}}},
      {"pkcs11:token=t;object=%C3%A4", {"t", "", "", "", "\xc3\xa4", {}}},
      {"pkcs11:token=32-characters-are-just-enough-12;object=k",
       {"32-characters-are-just-enough-12", "", "", "", "k", {}}},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_key_uri(row.text);
    ASSERT_TRUE(parsed) << row.text << ": " << parsed.why().text;
    EXPECT_EQ(*parsed, row.is) << row.text;
  }
}

TEST(key_uri, in_any_other_form_is_refused_with_a_sentence) {
  const struct {
    std::string_view text;
    std::string_view says;
  } rows[] = {
      {"", "begins with"},
      {"pkcs11", "begins with"},
      {"PKCS11:token=t;object=k", "begins with"},
      {" pkcs11:token=t;object=k", "begins with"},
      {"file:/etc/passwd", "begins with"},
      {"pkcs11:", "names no token"},
      {"pkcs11:object=k", "names no token"},
      {"pkcs11:model=m;manufacturer=m;object=k", "names no token"},
      {"pkcs11:token=;object=k", "names no token"},
      {"pkcs11:token=%20;object=k", "names no token"},
      {"pkcs11:token=t", "names no key"},
      {"pkcs11:token=t;object=", "names no key"},
      {"pkcs11:token=t;id=", "names no key"},
      {"pkcs11:token=t;type=private", "names no key"},
      {"pkcs11:token=t;object=k;type=cert", "something else than a private key"},
      {"pkcs11:token=t;object=k;type=public", "something else than a private key"},
      {"pkcs11:token=t;object=k;type=secret-key", "something else than a private key"},
      {"pkcs11:token=t;object=k;type=", "not one of RFC 7512"},
      {"pkcs11:token=t;object=k;type=nonsense", "not one of RFC 7512"},
      {"pkcs11:token=t;object=k?pin-value=1234", "may not have pin-value"},
      {"pkcs11:token=t;object=k;pin-value=1234", "may not have pin-value"},
      {"pkcs11:pin-value=1234", "may not have pin-value"},
      {"pkcs11:token=t;object=k?pin-value", "may not have pin-value"},
      {"pkcs11:token=t;object=k?pin-source=file:/etc/shadow", "may not have pin-source"},
      {"pkcs11:token=t;object=k?module-path=/tmp/a.so", "may not have module-path"},
      {"pkcs11:token=t;object=k?module-name=a", "may not have module-name"},
      {"pkcs11:token=t;object=k?x=1&module-name=a", "attribute other than"},
      {"pkcs11:token=t;object=k?token=t", "attribute other than"},
      {"pkcs11:token=t;object=k;slot-id=1", "attribute other than"},
      {"pkcs11:token=t;object=k;library-version=1", "attribute other than"},
      {"pkcs11:token=t;object=k;x-vendor=1", "attribute other than"},
      {"pkcs11:token=t;object=k;pin%2Dvalue=1", "attribute other than"},
      {"pkcs11:token=t;object=k;Token=t", "attribute other than"},
      {"pkcs11:token=t;;object=k", "attribute other than"},
      {"pkcs11:;token=t;object=k", "attribute other than"},
      {"pkcs11:token=t;object=k;object=l", "has an attribute twice"},
      {"pkcs11:token=t;token=u;object=k", "has an attribute twice"},
      {"pkcs11:token=t;object=k;", "ends in the middle"},
      {"pkcs11:token=t;object=k?", "ends in the middle"},
      {"pkcs11:token=;serial=1;object=k", "without a value"},
      {"pkcs11:token=%00other;serial=1;object=k", "without a value"},
      {"pkcs11:serial=1;token=%20;object=k", "without a value"},
      {"pkcs11:token=t;model=;object=k", "without a value"},
      {"pkcs11:token=t;object=k;id=", "without a value"},
      {"pkcs11:token=t;object=;id=%01", "without a value"},
      {"pkcs11:token;object=k", "not one of RFC 7512"},
      {"pkcs11:token=t;object=%", "not one of RFC 7512"},
      {"pkcs11:token=t;object=%4", "not one of RFC 7512"},
      {"pkcs11:token=t;object=%zz", "not one of RFC 7512"},
      {"pkcs11:token=a-label-of-33-characters-is-long-1;object=k", "not one of RFC 7512"},
      {"pkcs11:token=t t;object=k", "must be written as %HH"},
      {"pkcs11:token=t;object=k\n", "must be written as %HH"},
      {"pkcs11:token=t;object=k#f", "must be written as %HH"},
      {"pkcs11:token=t;object=\"k\"", "must be written as %HH"},
      {"pkcs11:token=t;object=\xc3\xa4", "must be written as %HH"},
      {std::string_view("pkcs11:token=t;object=k\0", 24), "must be written as %HH"},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_key_uri(row.text);
    ASSERT_FALSE(parsed) << row.text;
    EXPECT_EQ(parsed.why().code, at::error::credentials_unusable) << row.text;
    EXPECT_NE(parsed.why().text.find(row.says), std::string::npos) << row.text << ": " << parsed.why().text;
    EXPECT_EQ(parsed.why().text.find("1234"), std::string::npos);
  }
}

TEST(key_uri, has_a_largest_length) {
  const std::string start = "pkcs11:token=t;object=";
  EXPECT_TRUE(parse_key_uri(start + std::string(pkcs11::max_uri_bytes - start.size(), 'k')));
  const auto longer = parse_key_uri(start + std::string(pkcs11::max_uri_bytes - start.size() + 1, 'k'));
  ASSERT_FALSE(longer);
  EXPECT_NE(longer.why().text.find("longer than 1024 bytes"), std::string::npos);
}

}  // namespace
}  // namespace tlsmodem::test

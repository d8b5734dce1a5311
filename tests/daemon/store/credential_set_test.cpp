// A credential parsed, measured and put in its place.
#include "daemon/store/credential_set.hpp"

#include "protocol/hex.hpp"
#include "tests/support/pki.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

using enum at::credential_type;

int code(const at::result<credential>& outcome) { return outcome ? 0 : static_cast<int>(outcome.why().code); }
at::result<credential> parse(at::credential_type type, std::string_view content,
                             const char* password = nullptr) {
  if (password == nullptr) return parse_credential(type, as_bytes(content), nullptr);
  const secret given(as_bytes(password));
  return parse_credential(type, as_bytes(content), &given);
}

const identity& root() {
  static const identity made = make_root("root");
  return made;
}
std::string certificate() { return to_pem(root().certificate.get()); }
std::string key(const std::string& password = {}) { return to_pem(root().key.get(), password); }
std::string revocations() { return to_pem(make_revocation_list(root(), {}).get()); }

TEST(credential, of_every_type_is_parsed) {
  const struct {
    at::credential_type type;
    std::string content;
    std::size_t certificates, keys, lists;
  } cases[] = {
      {trusted, certificate() + certificate(), 2, 0, 0},
      {own_chain, certificate(), 1, 0, 0},
      {private_key, key(), 0, 1, 0},
      {psk, std::string("\0\xff", 2), 0, 0, 0},
      {psk_identity, "me", 0, 0, 0},
      {key_uri, "pkcs11:token=t;object=k", 0, 0, 0},
      {revocation_lists, revocations(), 0, 0, 1},
  };
  for (const auto& c : cases) {
    const auto made = parse(c.type, c.content);
    ASSERT_TRUE(made) << made.why().text;
    EXPECT_EQ(made->certificates.size(), c.certificates);
    EXPECT_EQ(made->key ? 1U : 0U, c.keys);
    EXPECT_EQ(made->revocations.size(), c.lists);
    EXPECT_EQ(made->uri.has_value(), c.type == key_uri);
    EXPECT_EQ(as_text(made->content.view()), c.type == private_key ? "" : c.content);
  }
}

TEST(credential, knows_the_digest_of_what_was_written) {
  EXPECT_EQ(lower_hex(parse(psk, "abc")->sha256),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(credential, that_does_not_parse_is_refused) {
  const struct {
    at::credential_type type;
    std::string content;
  } cases[] = {{trusted, ""},
               {trusted, "no certificate"},
               {trusted, certificate().substr(0, certificate().size() / 2)},
               {trusted, revocations()},
               {own_chain, key()},
               {private_key, certificate()},
               {private_key, ""},
               {revocation_lists, ""},
               {revocation_lists, certificate()},
               {psk, ""},
               {psk, std::string(513, 'x')},
               {psk_identity, ""},
               {psk_identity, std::string(257, 'x')},
               {key_uri, ""},
               {key_uri, "pkcs11:token=t;object=k?pin-value=1234"}};
  for (const auto& c : cases) EXPECT_EQ(code(parse(c.type, c.content)), 810) << c.content.substr(0, 20);
  EXPECT_EQ(code(parse(psk, std::string(512, 'x'))), 0);
  EXPECT_EQ(code(parse(psk_identity, std::string(256, 'x'))), 0);
}

TEST(credential, an_encrypted_key_opens_with_its_password_and_is_kept_without) {
  EXPECT_EQ(code(parse(private_key, key("sesame"))), 810);
  EXPECT_EQ(code(parse(private_key, key("sesame"), "mustard")), 810);
  const auto opened = parse(private_key, key("sesame"), "sesame");
  ASSERT_TRUE(opened);

  const auto kept = content_to_keep(*opened);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->size(), opened->size);
  EXPECT_EQ(as_text(kept->view()).find("sesame"), std::string_view::npos);
  const auto again = parse(private_key, as_text(kept->view()));
  ASSERT_TRUE(again);
  EXPECT_EQ(EVP_PKEY_eq(again->key.get(), root().key.get()), 1);
}

TEST(credential, all_but_keys_are_kept_as_they_were_written) {
  for (const auto& content : {certificate(), "# explained\n" + certificate()}) {
    const auto kept = content_to_keep(*parse(trusted, content));
    ASSERT_TRUE(kept);
    EXPECT_EQ(as_text(kept->view()), content);
  }
}

class set_of_credentials : public ::testing::Test {
 protected:
  bool put(std::int64_t tag, std::string_view content) {
    auto made = parse(psk, content);
    if (!set_.has_room_for({tag, psk}, made->size)) return false;
    set_.put({tag, psk}, std::move(*made));
    return true;
  }
  credential_set set_{{3, 100}};
};

TEST_F(set_of_credentials, finds_replaces_and_erases) {
  EXPECT_EQ(set_.find({1, psk}), nullptr);
  put(1, "old");
  put(1, "new");
  ASSERT_NE(set_.find({1, psk}), nullptr);
  EXPECT_EQ(as_text(set_.find({1, psk})->content.view()), "new");
  EXPECT_EQ(set_.find({1, psk_identity}), nullptr);
  EXPECT_EQ(set_.find({2, psk}), nullptr);
  EXPECT_EQ(set_.entries().size(), 1U);
  EXPECT_TRUE(set_.erase({1, psk}));
  EXPECT_FALSE(set_.erase({1, psk}));
}

TEST_F(set_of_credentials, has_room_for_its_entries_and_for_replacing_them) {
  for (int tag = 0; tag < 3; ++tag) EXPECT_TRUE(put(tag, "x"));
  EXPECT_FALSE(put(3, "x"));
  EXPECT_TRUE(put(2, "y"));
  set_.erase({0, psk});
  EXPECT_TRUE(put(3, "x"));
}

TEST_F(set_of_credentials, has_room_for_its_bytes_and_for_replacing_what_fills_it) {
  EXPECT_TRUE(put(0, std::string(60, 'x')));
  EXPECT_FALSE(put(1, std::string(41, 'x')));
  EXPECT_TRUE(put(1, std::string(40, 'x')));
  EXPECT_TRUE(put(0, std::string(60, 'y')));
  EXPECT_FALSE(put(0, std::string(61, 'y')));
}

}  // namespace
}  // namespace tlsmodem::test

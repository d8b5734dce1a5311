#include "daemon/store/volatile_credentials.hpp"

#include "tests/support/pki.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

using enum at::credential_type;

int code(const std::optional<at::failure>& wrong) { return wrong ? static_cast<int>(wrong->code) : 0; }
template <typename Value>
int code(const at::result<Value>& outcome) {
  return outcome ? 0 : static_cast<int>(outcome.why().code);
}

class volatile_store : public ::testing::Test {
 protected:
  int write(std::int64_t tag, at::credential_type type, std::string_view content) {
    return code(store_.write(tag, type, as_bytes(content), nullptr));
  }
  std::size_t count() const { return store_.list({}, {}).size(); }

  identity root_ = make_root("root");
  std::string certificate_ = to_pem(root_.certificate.get());
  volatile_credentials store_;
};

TEST_F(volatile_store, keeps_every_type_under_its_tag) {
  EXPECT_EQ(write(1, trusted, certificate_), 0);
  EXPECT_EQ(write(1, own_chain, certificate_), 0);
  EXPECT_EQ(write(1, private_key, to_pem(root_.key.get())), 0);
  EXPECT_EQ(write(1, psk, "secret"), 0);
  EXPECT_EQ(write(1, psk_identity, "me"), 0);
  EXPECT_EQ(write(0x7fffffff, psk, "other"), 0);
  EXPECT_EQ(count(), 6U);
  EXPECT_EQ(store_.list(1, {}).size(), 5U);
  EXPECT_EQ(store_.list({}, psk).size(), 2U);
  EXPECT_EQ(store_.list(1, psk).size(), 1U);
  EXPECT_EQ(store_.list(2, {}).size(), 0U);
}

TEST_F(volatile_store, lists_the_digest_of_what_was_written) {
  write(1, psk, "abc");
  EXPECT_EQ(store_.list({}, {}).front().sha256_hex,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(volatile_store, refuses_what_does_not_parse_and_keeps_what_was_there) {
  ASSERT_EQ(write(1, trusted, certificate_), 0);
  ASSERT_EQ(write(1, private_key, to_pem(root_.key.get())), 0);
  ASSERT_EQ(write(1, psk, "secret"), 0);
  const auto before = store_.list({}, {});
  const struct {
    at::credential_type type;
    std::string content;
  } cases[] = {{trusted, ""},
               {trusted, "no certificate"},
               {trusted, certificate_.substr(0, certificate_.size() / 2)},
               {own_chain, to_pem(root_.key.get())},
               {private_key, certificate_},
               {private_key, ""},
               {psk, ""},
               {psk, std::string(513, 'x')},
               {psk_identity, ""},
               {psk_identity, std::string(257, 'x')}};
  for (const auto& c : cases) EXPECT_EQ(write(1, c.type, c.content), 810) << c.content.substr(0, 20);
  const auto after = store_.list({}, {});
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i].sha256_hex, before[i].sha256_hex);
  EXPECT_EQ(write(1, psk, std::string(512, 'x')), 0);
  EXPECT_EQ(write(1, psk_identity, std::string(256, 'x')), 0);
}

TEST_F(volatile_store, opens_an_encrypted_key_with_its_password_only) {
  const auto encrypted = to_pem(root_.key.get(), "sesame");
  const secret right(as_bytes("sesame"));
  const secret wrong(as_bytes("mustard"));
  EXPECT_EQ(code(store_.write(1, private_key, as_bytes(encrypted), nullptr)), 810);
  EXPECT_EQ(code(store_.write(1, private_key, as_bytes(encrypted), &wrong)), 810);
  EXPECT_EQ(code(store_.write(1, private_key, as_bytes(encrypted), &right)), 0);
  EXPECT_EQ(code(store_.key(1)), 0);
}

TEST_F(volatile_store, reads_back_certificates_and_nothing_else) {
  write(1, trusted, certificate_);
  write(1, private_key, to_pem(root_.key.get()));
  write(1, psk, "secret");
  write(1, psk_identity, "me");
  const auto content = store_.read(1, trusted);
  ASSERT_TRUE(content);
  EXPECT_EQ(as_text(*content), certificate_);
  EXPECT_EQ(code(store_.read(1, own_chain)), 22);
  for (const auto type : {private_key, psk, psk_identity}) EXPECT_EQ(code(store_.read(1, type)), 3);
}

TEST_F(volatile_store, replaces_and_removes) {
  write(1, psk, "old");
  const auto old = store_.list({}, {}).front().sha256_hex;
  EXPECT_EQ(write(1, psk, "new"), 0);
  EXPECT_EQ(count(), 1U);
  EXPECT_NE(store_.list({}, {}).front().sha256_hex, old);
  EXPECT_EQ(code(store_.remove(1, psk)), 0);
  EXPECT_EQ(code(store_.remove(1, psk)), 22);
  EXPECT_EQ(count(), 0U);
}

TEST_F(volatile_store, gives_sockets_what_their_tags_name) {
  write(1, trusted, certificate_);
  write(2, trusted, certificate_ + to_pem(make_root("second").certificate.get()));
  write(3, psk, "secret");
  write(3, psk_identity, "me");
  write(4, psk, "without identity");
  const std::int64_t both[] = {1, 2};
  const auto all = store_.certificates(both, trusted);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), 3U);
  const std::int64_t none[] = {1, 9};
  EXPECT_EQ(code(store_.certificates(none, trusted)), 809);
  EXPECT_EQ(code(store_.certificates(both, own_chain)), 809);
  EXPECT_EQ(code(store_.key(1)), 809);
  EXPECT_EQ(code(store_.psk(3)), 0);
  EXPECT_EQ(code(store_.psk(4)), 809);
  EXPECT_EQ(code(store_.psk(9)), 809);
}

TEST_F(volatile_store, has_room_for_64_credentials_and_for_replacing_them) {
  for (int tag = 0; tag < 64; ++tag) ASSERT_EQ(write(tag, psk, "x"), 0);
  EXPECT_EQ(write(64, psk, "x"), 20);
  EXPECT_EQ(write(63, psk, "y"), 0);
  store_.remove(0, psk);
  EXPECT_EQ(write(64, psk, "x"), 0);
}

TEST_F(volatile_store, has_room_for_a_mebibyte_and_for_replacing_what_fills_it) {
  std::string bundle;
  while (bundle.size() < 65'000) bundle += certificate_;
  int kept = 0;
  while (write(kept, trusted, bundle) == 0) ++kept;
  EXPECT_EQ(static_cast<std::size_t>(kept), 1024 * 1024 / bundle.size());
  EXPECT_EQ(write(kept, trusted, bundle), 20);
  EXPECT_EQ(write(0, trusted, bundle), 0);
}

}  // namespace
}  // namespace tlsmodem::test

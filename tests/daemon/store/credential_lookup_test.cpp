// Volatile before persistent before configured.
#include "daemon/store/credential_lookup.hpp"

#include "tests/support/pki.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

using enum at::credential_type;

template <typename Value>
int code(const at::result<Value>& outcome) {
  return outcome ? 0 : static_cast<int>(outcome.why().code);
}

class lookup : public ::testing::Test {
 protected:
  static void put(credential_set& into, std::int64_t tag, at::credential_type type,
                  std::string_view content) {
    auto made = parse_credential(type, as_bytes(content), nullptr);
    ASSERT_TRUE(made) << made.why().text;
    into.put({tag, type}, std::move(*made));
  }
  // The list as "tag/type volatile", and what the digest is of.
  std::vector<std::string> listed(std::optional<std::int64_t> tag = {},
                                  std::optional<at::credential_type> type = {}) const {
    std::vector<std::string> out;
    for (const auto& entry : lookup_.list(tag, type)) {
      std::string text = std::to_string(entry.name.tag) + "/" +
                         std::to_string(static_cast<int>(entry.name.type)) +
                         (entry.is_volatile ? " 1 " : " 0 ");
      for (const auto* content : {"channel", "user", "configured"}) {
        const auto known = parse_credential(psk, as_bytes(content), nullptr);
        if (known && known->sha256 == entry.sha256) text += content;
      }
      out.push_back(text);
    }
    return out;
  }

  const identity root_ = make_root("root");
  const std::string certificate_ = to_pem(root_.certificate.get());
  credential_set channel_{{64, 1U << 20U}};
  credential_set user_{{64, 1U << 20U}};
  credential_set configured_{{64, 1U << 20U}};
  credential_lookup lookup_{channel_, user_, configured_};
};

TEST_F(lookup, takes_the_first_that_is_there) {
  using enum credential_origin;
  put(configured_, 1, psk, "configured");
  EXPECT_EQ(lookup_.find({1, psk}).origin, configuration);
  put(user_, 1, psk, "user");
  EXPECT_EQ(lookup_.find({1, psk}).origin, user);
  put(channel_, 1, psk, "channel");
  EXPECT_EQ(lookup_.find({1, psk}).origin, channel);
  EXPECT_EQ(as_text(lookup_.find({1, psk}).entry->content.view()), "channel");
  EXPECT_EQ(lookup_.find({1, psk_identity}).entry, nullptr);
}

TEST_F(lookup, lists_what_is_in_effect_once_for_each_volatile_flag) {
  put(configured_, 1, psk, "configured");
  put(configured_, 2, psk, "configured");
  put(configured_, 2, psk_identity, "me");
  put(user_, 1, psk, "user");
  put(user_, 3, psk, "user");
  put(channel_, 1, psk, "channel");
  put(channel_, 4, psk, "channel");
  EXPECT_EQ(listed(), (std::vector<std::string>{"1/3 1 channel", "1/3 0 user", "2/3 0 configured", "2/4 0 ",
                                                "3/3 0 user", "4/3 1 channel"}));
  EXPECT_EQ(listed(1), (std::vector<std::string>{"1/3 1 channel", "1/3 0 user"}));
  EXPECT_EQ(listed({}, psk_identity), std::vector<std::string>{"2/4 0 "});
  EXPECT_TRUE(listed(5).empty());
}

TEST_F(lookup, reads_back_what_is_public) {
  put(channel_, 1, trusted, certificate_);
  put(user_, 2, own_chain, certificate_);
  put(user_, 3, revocation_lists, to_pem(make_revocation_list(root_, {}).get()));
  put(configured_, 4, trusted, certificate_);
  put(user_, 1, private_key, to_pem(root_.key.get()));
  put(user_, 1, psk, "secret");
  put(user_, 1, key_uri, "pkcs11:token=t;object=k");
  const auto content = lookup_.read({1, trusted});
  ASSERT_TRUE(content);
  EXPECT_EQ(as_text(*content), certificate_);
  EXPECT_EQ(code(lookup_.read({2, own_chain})), 0);
  EXPECT_EQ(code(lookup_.read({3, revocation_lists})), 0);
  EXPECT_EQ(code(lookup_.read({4, trusted})), 0);
  EXPECT_EQ(code(lookup_.read({9, trusted})), 22);
  for (const auto type : {private_key, psk, psk_identity, key_uri})
    EXPECT_EQ(code(lookup_.read({1, type})), 3);
}

TEST_F(lookup, takes_the_nearest_key_and_in_one_place_that_of_the_token) {
  using enum credential_origin;
  const auto key = to_pem(root_.key.get());
  const std::string uri = "pkcs11:token=t;object=k";
  const auto is_in_token = [this](credential_origin origin) {
    const auto found = lookup_.key(1);
    EXPECT_EQ(found->origin, origin);
    EXPECT_EQ(found->entry->uri.has_value(), found->entry->key == nullptr);
    return found->entry->uri.has_value();
  };
  EXPECT_EQ(code(lookup_.key(1)), 809);
  put(configured_, 1, key_uri, uri);
  EXPECT_TRUE(is_in_token(configuration));
  put(configured_, 1, private_key, key);
  EXPECT_TRUE(is_in_token(configuration));
  put(user_, 1, private_key, key);
  EXPECT_FALSE(is_in_token(user));
  put(user_, 1, key_uri, uri);
  EXPECT_TRUE(is_in_token(user));
  put(channel_, 1, private_key, key);
  EXPECT_FALSE(is_in_token(channel));
  put(channel_, 1, key_uri, uri);
  EXPECT_TRUE(is_in_token(channel));
}

TEST_F(lookup, gives_sockets_what_their_tags_name_wherever_it_is) {
  put(channel_, 1, trusted, certificate_);
  put(configured_, 2, trusted, certificate_ + to_pem(make_root("second").certificate.get()));
  put(user_, 3, psk, "secret");
  put(configured_, 3, psk_identity, "me");
  put(user_, 4, psk, "without identity");
  put(user_, 5, private_key, to_pem(root_.key.get()));
  put(configured_, 6, revocation_lists, to_pem(make_revocation_list(root_, {}).get()));
  const std::int64_t both[] = {1, 2};
  const auto all = lookup_.certificates(both, trusted);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), 3U);
  const std::int64_t none[] = {1, 9};
  EXPECT_EQ(code(lookup_.certificates(none, trusted)), 809);
  EXPECT_EQ(code(lookup_.certificates(both, own_chain)), 809);
  EXPECT_EQ(code(lookup_.key(5)), 0);
  EXPECT_EQ(code(lookup_.key(1)), 809);
  const auto shared = lookup_.psk(3);
  ASSERT_TRUE(shared);
  EXPECT_EQ(as_text(shared->key.view()), "secret");
  EXPECT_EQ(as_text(shared->identity), "me");
  EXPECT_EQ(code(lookup_.psk(4)), 809);
  EXPECT_EQ(code(lookup_.psk(9)), 809);
  const std::int64_t list[] = {6};
  EXPECT_EQ(lookup_.revocations(list)->size(), 1U);
  EXPECT_EQ(code(lookup_.revocations(both)), 809);
}

}  // namespace
}  // namespace tlsmodem::test

// Tokens and keys that URIs name, with SoftHSM.
#include "daemon/pkcs11/tokens.hpp"

#include "daemon/pkcs11/public_half.hpp"
#include "tests/support/soft_token.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

namespace tlsmodem::test {
namespace {

using pkcs11::parse_key_uri;
using pkcs11::tokens;

class token_of_test : public ::testing::Test {
 protected:
  std::shared_ptr<tokens> make() const { return tokens::make({soft_token::module(), token_.pin_file()}); }
  static pkcs11::key_uri uri(const std::string& object) {
    return *parse_key_uri(std::string(soft_token::uri) + ";" + object);
  }
  static std::string failure_of(const at::result<tls::private_key>& made) {
    return made ? "" : made.why().text;
  }
  const soft_token token_;
};

TEST_F(token_of_test, is_not_asked_before_a_key_is) {
  token_.take_out();
  const auto made = make();
  EXPECT_TRUE(made->are_configured());
  EXPECT_FALSE(tokens::make({})->are_configured());
  EXPECT_EQ(tokens::make({})->key(uri("object=k")).why().code, at::error::not_supported);
}

TEST_F(token_of_test, makes_a_key_once_and_finds_it_by_every_name) {
  const auto all = make();
  const auto made = all->key_or_new_key(uri("object=k;id=%07"));
  ASSERT_TRUE(made) << made.why().text;
  for (const auto* name : {"object=k", "id=%07", "object=k;id=%07", "object=k;model=SoftHSM%20v2"}) {
    const auto found = all->key(uri(name));
    ASSERT_TRUE(found) << name << ": " << found.why().text;
    EXPECT_EQ(EVP_PKEY_eq(found->get(), made->get()), 1) << name;
    const auto again = all->key_or_new_key(uri(name));
    ASSERT_TRUE(again);
    EXPECT_EQ(EVP_PKEY_eq(again->get(), made->get()), 1) << name;
  }
  for (const auto* name : {"object=l", "id=%08", "object=k;id=%08", "object=k;model=other"})
    EXPECT_FALSE(all->key(uri(name))) << name;
}

TEST_F(token_of_test, that_needs_a_pin_says_so_when_there_is_none) {
  ::unsetenv("CREDENTIALS_DIRECTORY");
  const auto all = tokens::make({soft_token::module(), ""});
  EXPECT_NE(failure_of(all->key(uri("object=k"))).find("needs a PIN, and there is none"), std::string::npos);
}

TEST_F(token_of_test, takes_its_pin_from_the_credentials_of_the_unit) {
  const temporary_directory directory;
  write_file(directory.path("pkcs11-pin"), soft_token::pin);
  ::setenv("CREDENTIALS_DIRECTORY", directory.path().c_str(), 1);
  const auto all = tokens::make({soft_token::module(), ""});
  std::filesystem::permissions(directory.path("pkcs11-pin"), std::filesystem::perms(0440));
  const auto made = all->key_or_new_key(uri("object=k"));
  ::unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_TRUE(made) << made.why().text;
}

TEST_F(token_of_test, is_not_asked_again_with_a_pin_that_it_refused) {
  token_.write_pin("wrong");
  const auto all = make();
  EXPECT_NE(failure_of(all->key(uri("object=k"))).find("refuses the PIN"), std::string::npos);
  EXPECT_NE(failure_of(all->key(uri("object=k"))).find("refused this PIN before"), std::string::npos);
  token_.write_pin("another wrong one");
  EXPECT_NE(failure_of(all->key(uri("object=k"))).find("refuses the PIN"), std::string::npos);
  token_.write_pin(soft_token::pin);
  EXPECT_TRUE(all->key_or_new_key(uri("object=k")));
}

TEST_F(token_of_test, stays_loaded_as_long_as_a_key_is_there) {
  auto all = make();
  auto made = all->key_or_new_key(uri("object=k"));
  ASSERT_TRUE(made);
  const std::weak_ptr<tokens> watched = all;
  all.reset();
  EXPECT_FALSE(watched.expired());
  made = at::failure{at::error::not_found, ""};
  EXPECT_TRUE(watched.expired());
  const auto again = make();
  EXPECT_TRUE(again->key(uri("object=k")));
}

}  // namespace
}  // namespace tlsmodem::test

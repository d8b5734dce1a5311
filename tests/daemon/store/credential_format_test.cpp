// Persistent credentials as rows: what is written is read again, and nothing else is.
#include "daemon/store/credential_format.hpp"

#include "tests/support/pki.hpp"

#include <gtest/gtest.h>

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

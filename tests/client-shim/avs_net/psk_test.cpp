// A pre-shared key and its identity, which the modem keeps under one tag.
#include "credentials_fixture.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

avs_net_psk_info_t psk_of(const description& key, const description& identity) { return {{key}, {identity}}; }

TEST(avs_psk, key_and_identity_have_one_tag_and_may_hold_any_byte) {
  const std::string key("\0k\0\xFF\0", 5);
  const std::string name("\0-----BEGIN \0", 13);
  credentials read;
  ASSERT_TRUE(avs_is_ok(read.add_psk(psk_of(buffer(key), buffer(name)))));
  EXPECT_EQ(read.tags(psk), "2000000000");
  EXPECT_EQ(read.tags(psk_identity), "2000000000");
  const auto made = read.take();
  ASSERT_EQ(made.size(), 2U);
  EXPECT_EQ(made[0].type, psk);
  EXPECT_EQ(made[0].tag, first_tag);
  EXPECT_EQ(text_of(made[0]), key);
  EXPECT_EQ(made[1].type, psk_identity);
  EXPECT_EQ(made[1].tag, first_tag);
  EXPECT_EQ(text_of(made[1]), name);
}

TEST(avs_psk, halves_of_the_modem_and_of_ours_meet_under_one_tag) {
  const struct {
    const char* what;
    description key;
    description name;
    std::string tag;  // "" for EINVAL
    std::vector<at::credential_type> sent;
  } rows[] = {
      {"key of the modem", engine("tag:7"), buffer("device"), "7", {psk_identity}},
      {"identity of the modem", buffer("secret"), engine("tag:7"), "7", {psk}},
      {"both of the modem", engine("tag:7"), engine("tag:7"), "7", {}},
      {"both, identity not named", engine("tag:7"), empty(), "7", {}},
      {"two tags", engine("tag:7"), engine("tag:8"), "", {}},
      {"two tags, one of ours", engine("tag:2000000000"), engine("tag:8"), "", {}},
      {"two tags, the other of ours", engine("tag:8"), engine("tag:2000000000"), "", {}},
      {"no key", empty(), buffer("device"), "", {}},
      {"no key, identity of the modem", empty(), engine("tag:7"), "", {}},
      {"no identity", buffer("secret"), empty(), "", {}},
      {"empty key", buffer({}), buffer("device"), "", {}},
      {"empty identity", buffer("secret"), buffer({}), "", {}},
      {"malformed key query", engine("7"), buffer("device"), "", {}},
      {"malformed identity query", buffer("secret"), engine("tag:"), "", {}},
      {"key from a file", file("/nonexistent"), buffer("device"), "", {}},
      {"identity from a file", buffer("secret"), file("/nonexistent"), "", {}},
      {"key from an array", array({}), buffer("device"), "", {}},
  };
  for (const auto& row : rows) {
    credentials read;
    const auto wrong = read.add_psk(psk_of(row.key, row.name));
    EXPECT_EQ(wrong.code, row.tag.empty() ? AVS_EINVAL : 0) << row.what;
    if (avs_is_err(wrong) || row.tag.empty()) continue;
    EXPECT_EQ(read.tags(psk), row.tag) << row.what;
    std::vector<at::credential_type> sent;
    for (const auto& one : read.take()) {
      sent.push_back(one.type);
      EXPECT_EQ(std::to_string(one.tag), row.tag) << row.what;
    }
    EXPECT_EQ(sent, row.sent) << row.what;
  }
}

}  // namespace
}  // namespace tlsmodem::test

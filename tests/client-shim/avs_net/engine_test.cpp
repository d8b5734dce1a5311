// The functions of avs_crypto's engine, as what a modem is told.
#include "client-shim/avs_net/engine.h"

#include "credentials_fixture.hpp"
#include "tests/client-shim/client/scripted_modem.hpp"
#include "tests/support/pki.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <ostream>

namespace tlsmodem::test {
namespace {

using commands = std::vector<std::string>;

// A description of the kind that the function takes, null where it takes none.
using engine_call = std::function<avs_error_t(const char* query, const description* from)>;

template <typename Info, avs_error_t (*Call)(const char*, const Info*)>
avs_error_t stores(const char* query, const description* from) {
  if (from == nullptr) return Call(query, nullptr);
  const Info info{*from};
  return Call(query, &info);
}

template <avs_error_t (*Call)(const char*)>
avs_error_t names(const char* query, const description*) {
  return Call(query);
}

avs_error_t store_private_key(const char* query, const avs_crypto_private_key_info_t* from) {
  return avs_crypto_pki_engine_key_store(query, from, nullptr);
}

struct call_row {
  const char* name;
  engine_call run;
  std::string command;  // of "tag:7" and the content "content"
  bool is_store = false;
};
void PrintTo(const call_row& row, std::ostream* out) { *out << row.name; }

const std::vector<call_row> rows = {
    {"psk_store", stores<avs_crypto_psk_key_info_t, avs_crypto_psk_engine_key_store>,
     "#TCRED=0,7,3,7,0|content", true},
    {"identity_store", stores<avs_crypto_psk_identity_info_t, avs_crypto_psk_engine_identity_store>,
     "#TCRED=0,7,4,7,0|content", true},
    {"key_store", stores<avs_crypto_private_key_info_t, store_private_key>, "#TCRED=0,7,2,7,0|content", true},
    {"certificate_store",
     stores<avs_crypto_certificate_chain_info_t, avs_crypto_pki_engine_certificate_store>,
     "#TCRED=0,7,1,7,0|content", true},
    {"psk_rm", names<avs_crypto_psk_engine_key_rm>, "#TCRED=3,7,3"},
    {"identity_rm", names<avs_crypto_psk_engine_identity_rm>, "#TCRED=3,7,4"},
    {"key_rm", names<avs_crypto_pki_engine_key_rm>, "#TCRED=3,7,2"},
    {"certificate_rm", names<avs_crypto_pki_engine_certificate_rm>, "#TCRED=3,7,1"},
    {"key_gen", names<avs_crypto_pki_engine_key_gen>, "#TCRED=4,7,2"},
};

class avs_engine : public ::testing::TestWithParam<call_row> {
 protected:
  static void use(const std::string& path) { ::setenv("TLSMODEM_SOCKET", path.c_str(), 1); }
  static int run(const char* query, const description* from) { return GetParam().run(query, from).code; }
};

TEST_P(avs_engine, tells_the_modem_to_do_it_for_good) {
  const scripted_modem modem({table{}});
  use(modem.path());
  const auto content = buffer("content");
  EXPECT_EQ(run("tag:7", &content), 0);
  EXPECT_EQ(modem.commands(0), commands{GetParam().command});
}

TEST_P(avs_engine, asks_no_modem_with_a_query_that_is_none) {
  const scripted_modem modem({table{}});
  use(modem.path());
  const auto content = buffer("content");
  for (const char* query : {"", "7", "tag:", "tag:-1", "tag:2147483648", "pkcs11:object=key"})
    EXPECT_EQ(run(query, &content), AVS_EINVAL) << query;
  EXPECT_EQ(run(nullptr, &content), AVS_EINVAL);
  EXPECT_EQ(modem.channels(), 0U);
}

TEST_P(avs_engine, stores_what_has_content_of_its_own_only) {
  if (!GetParam().is_store) return;
  const scripted_modem modem({table{}});
  use(modem.path());
  const auto nothing = empty();
  const auto no_bytes = buffer({});
  const auto of_engine = engine("tag:8");
  const auto missing = file("/nonexistent/file");
  EXPECT_EQ(run("tag:7", nullptr), AVS_EINVAL);
  EXPECT_EQ(run("tag:7", &nothing), AVS_EINVAL);
  EXPECT_EQ(run("tag:7", &no_bytes), AVS_EINVAL);
  EXPECT_EQ(run("tag:7", &of_engine), AVS_EINVAL);
  EXPECT_NE(run("tag:7", &missing), 0);
  EXPECT_EQ(modem.channels(), 0U);
}

TEST_P(avs_engine, tells_what_the_modem_refuses) {
  const struct {
    at::error code;
    avs_errno_t number;
  } refusals[] = {
      {at::error::not_found, AVS_ENOENT},
      {at::error::not_allowed, AVS_EACCES},
      {at::error::credentials_unusable, AVS_EPROTO},
      {at::error::store_unavailable, AVS_EIO},
      {at::error::memory_full, AVS_ENOMEM},
  };
  const auto content = buffer("content");
  for (const auto& [code, number] : refusals) {
    const scripted_modem modem({{{"#TCRED", {}, static_cast<int>(code)}}});
    use(modem.path());
    EXPECT_EQ(run("tag:7", &content), number) << static_cast<int>(code);
  }
}

// All of them take the same way to it, and it is waited for.
TEST(avs_engine_alone, looks_for_the_modem_and_tells_that_there_is_none) {
  ::setenv("TLSMODEM_SOCKET", "/nonexistent/at.sock", 1);
  EXPECT_EQ(avs_crypto_pki_engine_key_gen("tag:7").code, AVS_EHOSTUNREACH);
}

INSTANTIATE_TEST_SUITE_P(functions, avs_engine, ::testing::ValuesIn(rows),
                         [](const auto& row) { return std::string(row.param.name); });

class avs_engine_content : public ::testing::Test {
 protected:
  avs_engine_content() { ::setenv("TLSMODEM_SOCKET", modem_.path().c_str(), 1); }
  std::string sent() const { return modem_.commands(modem_.channels() - 1).back(); }

  const scripted_modem modem_{{table{}}};
};

TEST_F(avs_engine_content, of_an_encrypted_key_has_its_password) {
  const auto key = to_pem(make_key(key_kind::ec_p256).get(), "a\"b");
  const auto info = avs_crypto_private_key_info_from_buffer(key.data(), key.size(), "a\"b");
  ASSERT_TRUE(avs_is_ok(avs_crypto_pki_engine_key_store("tag:7", &info, nullptr)));
  EXPECT_EQ(sent(), "#TCRED=0,7,2," + std::to_string(key.size()) + R"(,0,"a\22b"|)" + key);
}

// As avs_crypto_pki.h has it.
TEST_F(avs_engine_content, is_the_first_certificate_of_many) {
  const auto first = to_pem(make_root("first").certificate.get());
  const auto second = to_pem(make_root("second").certificate.get());
  const auto bundle = first + second;
  const auto as_bundle = avs_crypto_certificate_chain_info_from_buffer(bundle.data(), bundle.size());
  const avs_crypto_certificate_chain_info_t each[] = {
      avs_crypto_certificate_chain_info_from_buffer(first.data(), first.size()),
      avs_crypto_certificate_chain_info_from_buffer(second.data(), second.size())};
  const auto as_array = avs_crypto_certificate_chain_info_from_array(each, std::size(each));
  const auto without_line_end = first.substr(0, first.find_last_not_of('\n') + 1);
  for (const auto& info : {as_bundle, as_array}) {
    ASSERT_TRUE(avs_is_ok(avs_crypto_pki_engine_certificate_store("tag:7", &info)));
    EXPECT_EQ(sent(), "#TCRED=0,7,1," + std::to_string(without_line_end.size()) + ",0|" + without_line_end);
  }
  const auto der = to_der(make_root("binary").certificate.get());
  const auto binary = avs_crypto_certificate_chain_info_from_buffer(der.data(), der.size());
  ASSERT_TRUE(avs_is_ok(avs_crypto_pki_engine_certificate_store("tag:7", &binary)));
  EXPECT_TRUE(sent().ends_with("|" + std::string(as_text(der))));
}

}  // namespace
}  // namespace tlsmodem::test

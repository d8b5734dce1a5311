// Credentials that the modem is to keep: what is sent, on which channel, and how an answer becomes an
// outcome.
#include "client-shim/client/credential.hpp"

#include "client_fixture.hpp"

namespace tlsmodem::test {
namespace {

using client::keep_credential;
using client::make_key;
using client::remove_credential;
using enum at::credential_type;
using commands = std::vector<std::string>;
using call = std::function<std::optional<at::failure>(const std::string& path, client::time_point until)>;

struct call_row {
  const char* name;
  call run;
  std::string command;  // with its payload behind a bar
};
void PrintTo(const call_row& row, std::ostream* out) { *out << row.name; }

const std::string any_bytes("\0\r\n\"AT\x80", 7);

client::credential made(at::credential_type type, std::string_view content, const char* password = nullptr) {
  client::credential one{7, type, wiped_string(content), {}};
  if (password != nullptr) one.password.emplace(password);
  return one;
}

const std::vector<call_row> rows = {
    {"keep", [](auto& path, auto until) { return keep_credential(path, made(psk, any_bytes), until); },
     "#TCRED=0,7,3,7,0|" + any_bytes},
    {"keep_encrypted",
     [](auto& path, auto until) { return keep_credential(path, made(private_key, "key", "a\"b;c"), until); },
     R"(#TCRED=0,7,2,3,0,"a\22b;c"|key)"},
    {"remove", [](auto& path, auto until) { return remove_credential(path, 7, own_chain, until); },
     "#TCRED=3,7,1"},
    {"make_key", [](auto& path, auto until) { return make_key(path, 7, until); }, "#TCRED=4,7,2"},
};

class kept_credential : public ::testing::TestWithParam<call_row> {};

TEST_P(kept_credential, is_one_command_on_a_channel_of_its_own) {
  const scripted_modem modem({table{}});
  EXPECT_FALSE(GetParam().run(modem.path(), deadline()));
  EXPECT_FALSE(GetParam().run(modem.path(), deadline()));
  EXPECT_EQ(modem.channels(), 2U);
  EXPECT_EQ(modem.commands(0), commands{GetParam().command});
  EXPECT_EQ(modem.commands(1), commands{GetParam().command});
}

TEST_P(kept_credential, is_refused_with_the_number_that_the_modem_says) {
  for (const auto code :
       {at::error::credentials_unusable, at::error::not_found, at::error::store_unavailable}) {
    const scripted_modem modem({{{"#TCRED", {}, static_cast<int>(code)}}});
    const auto wrong = GetParam().run(modem.path(), deadline());
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->code, code);
    EXPECT_NE(wrong->text.find(at::describe(code)), std::string::npos) << wrong->text;
    EXPECT_EQ(wrong->text.find("key"), std::string::npos) << "a payload is told to nobody";
  }
}

TEST_P(kept_credential, needs_a_modem_that_answers) {
  EXPECT_EQ(GetParam().run("/nonexistent/at.sock", at_once()).value().code, at::error::unreachable);
  scripted_modem silent({table{}});
  silent.hold_answers_until("nothing");
  EXPECT_EQ(GetParam().run(silent.path(), at_once()).value().code, at::error::handshake_timeout);
}

TEST_P(kept_credential, is_said_again_to_the_modem_that_follows_one_that_died) {
  using enum last_words;
  for (const auto after : {unread, none, half_answer}) {
    scripted_modem modem({table{}});
    modem.die({0, 0, after});
    modem.refuse_channels(1);
    EXPECT_FALSE(GetParam().run(modem.path(), deadline()));
    EXPECT_EQ(modem.channels(), 2U);
    EXPECT_EQ(modem.commands(1), commands{GetParam().command});
  }
}

INSTANTIATE_TEST_SUITE_P(calls, kept_credential, ::testing::ValuesIn(rows),
                         [](const auto& row) { return std::string(row.param.name); });

// The one that died may have done it.
TEST(removed_credential, that_is_gone_when_the_next_modem_is_asked_is_removed) {
  const table none{{"#TCRED=3", {}, 22}};
  scripted_modem modem({{}, none});
  modem.die({0, 0, last_words::none});
  EXPECT_FALSE(remove_credential(modem.path(), 7, own_chain, deadline()));
  scripted_modem other({none});
  other.refuse_channels(1);
  EXPECT_EQ(remove_credential(other.path(), 7, own_chain, deadline())->code, at::error::not_found);
}

// The line that tells how long the request is, and the request.
TEST(made_key, comes_with_a_request_that_is_read_past) {
  const std::string request = "-----BEGIN CERTIFICATE REQUEST-----\r\nOK\r\n+CME ERROR: 3\r\n";
  const scripted_modem modem(
      {{{"#TCRED=4", line("#TCRED: 7," + std::to_string(request.size())) + request + "\r\n"}}});
  EXPECT_FALSE(make_key(modem.path(), 7, deadline()));
}

}  // namespace
}  // namespace tlsmodem::test

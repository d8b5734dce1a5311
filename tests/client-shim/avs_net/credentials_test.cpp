// Every source of avs_net's credentials, as what the modem is sent or told to use.
#include "credentials_fixture.hpp"
#include "tests/support/pki.hpp"
#include "tests/support/process.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace tlsmodem::test {
namespace {

constexpr at::credential_type all_types[] = {trusted, own_chain,    private_key,
                                             psk,     psk_identity, revocation_lists};

int error_of(const description& from, at::credential_type type) {
  credentials read;
  return read.add(from, type).code;
}

std::size_t count(std::string_view in, std::string_view what) {
  std::size_t found = 0;
  for (auto at = in.find(what); at != std::string_view::npos; at = in.find(what, at + what.size())) ++found;
  return found;
}

bool may_be_nested(at::credential_type type) {
  return type == trusted || type == own_chain || type == revocation_lists;
}
bool is_of_psk(at::credential_type type) { return type == psk || type == psk_identity; }

class avs_credentials : public ::testing::Test {
 protected:
  std::string write(const std::string& name, std::string_view content) const {
    write_file(directory_.path(name), content);
    return directory_.path(name);
  }

  temporary_directory directory_;
  const identity root_ = make_root("root");
  const std::string pem_ = to_pem(root_.certificate.get());
  const std::string der_{as_text(to_der(root_.certificate.get()))};
};

TEST_F(avs_credentials, a_type_takes_the_sources_that_it_can_come_from) {
  const auto path = write("content", "content");
  const auto certificates = directory_.path("certificates");
  std::filesystem::create_directory(certificates);
  const std::vector<description> none;
  const list of_none(none);
  for (const auto type : all_types) {
    const int number = static_cast<int>(type);
    const auto unless = [](bool is_allowed) { return is_allowed ? 0 : static_cast<int>(AVS_EINVAL); };
    EXPECT_EQ(error_of(empty(), type), unless(may_be_nested(type))) << number;
    EXPECT_EQ(error_of(file(path), type), unless(!is_of_psk(type))) << number;
    EXPECT_EQ(error_of(directory(certificates), type), unless(type == trusted || type == own_chain))
        << number;
    EXPECT_EQ(error_of(buffer("content"), type), 0) << number;
    EXPECT_EQ(error_of(array(none), type), unless(may_be_nested(type))) << number;
    EXPECT_EQ(error_of(of_none.source(), type), unless(may_be_nested(type))) << number;
    EXPECT_EQ(error_of(engine("tag:1"), type), 0) << number;
    EXPECT_EQ(error_of(described(static_cast<avs_crypto_data_source_t>(7)), type), AVS_EINVAL) << number;
  }
}

TEST_F(avs_credentials, what_is_added_is_sent_under_a_tag_of_ours) {
  for (const auto type : all_types) {
    credentials read;
    ASSERT_TRUE(avs_is_ok(read.add(buffer("first"), type)));
    ASSERT_TRUE(avs_is_ok(read.add(buffer("second"), type)));
    EXPECT_EQ(read.tags(type), "2000000000,2000000001");
    for (const auto other : all_types) EXPECT_EQ(read.tags(other).empty(), other != type);
    const auto made = read.take();
    ASSERT_EQ(made.size(), 2U);
    EXPECT_EQ(made[0].tag, first_tag);
    EXPECT_EQ(made[0].type, type);
    EXPECT_EQ(made[0].content, "first");
    EXPECT_FALSE(made[0].password);
    EXPECT_EQ(made[1].tag, first_tag + 1);
    EXPECT_EQ(made[1].content, "second");
  }
}

TEST_F(avs_credentials, empty_content_is_refused) {
  for (const auto type : all_types) {
    EXPECT_EQ(error_of(buffer({}), type), AVS_EINVAL);
    auto no_memory = buffer("x");
    no_memory.info.buffer.buffer = nullptr;
    EXPECT_EQ(error_of(no_memory, type), AVS_EINVAL);
    auto no_size = buffer("x");
    no_size.info.buffer.buffer_size = 0;
    EXPECT_EQ(error_of(no_size, type), AVS_EINVAL);
  }
}

TEST_F(avs_credentials, a_file_that_cannot_be_read_is_an_io_error) {
  const auto nothing = write("nothing", "");
  for (const auto type : {trusted, own_chain, private_key, revocation_lists}) {
    EXPECT_EQ(error_of(file(directory_.path("missing")), type), AVS_EIO);
    EXPECT_EQ(error_of(file(directory_.path()), type), AVS_EIO);
    EXPECT_EQ(error_of(file(nothing), type), AVS_EIO);
    auto no_name = file(nothing);
    no_name.info.file.filename = nullptr;
    EXPECT_EQ(error_of(no_name, type), AVS_EINVAL);
  }
}

TEST_F(avs_credentials, pem_loses_the_nul_of_a_c_string_and_der_nothing) {
  for (const auto type : {trusted, own_chain}) {
    const auto path = write("certificate", pem_ + '\0');
    for (const auto& source : {buffer({pem_.c_str(), pem_.size() + 1}), buffer(pem_), file(path)}) {
      credentials read;
      ASSERT_TRUE(avs_is_ok(read.add(source, type)));
      EXPECT_EQ(text_of(read.take().at(0)), pem_);
    }
    const auto with_nul = der_ + '\0';
    const auto binary = write("certificate", with_nul);
    for (const auto& source : {buffer(with_nul), file(binary)}) {
      credentials read;
      ASSERT_TRUE(avs_is_ok(read.add(source, type)));
      EXPECT_EQ(text_of(read.take().at(0)), with_nul);
    }
  }
}

TEST_F(avs_credentials, the_password_goes_with_its_key) {
  const auto key = to_pem(root_.key.get(), "a\"b;c");
  const auto path = write("key", key);
  for (const auto& source : {buffer(key, "a\"b;c"), file(path, "a\"b;c")}) {
    credentials read;
    ASSERT_TRUE(avs_is_ok(read.add(source, private_key)));
    const auto made = read.take();
    EXPECT_EQ(text_of(made.at(0)), key);
    EXPECT_EQ(made.at(0).password, "a\"b;c");
  }
}

TEST_F(avs_credentials, nested_sources_come_one_after_the_other) {
  const auto path = write("file", "third");
  const std::vector<description> inner = {buffer("second"), empty(), file(path), engine("tag:7")};
  const list middle({array(inner), empty(), buffer("fourth")});
  const std::vector<description> outer = {buffer("first"), middle.source(), engine("tag:8")};
  for (const auto type : {trusted, own_chain, revocation_lists}) {
    credentials read;
    ASSERT_TRUE(avs_is_ok(read.add(array(outer), type)));
    EXPECT_EQ(read.tags(type), "2000000000,2000000001,2000000002,7,2000000003,8");
    std::string all;
    for (const auto& one : read.take()) all += text_of(one) + " ";
    EXPECT_EQ(all, "first second third fourth ");
  }
}

TEST_F(avs_credentials, a_mistake_within_is_told) {
  const std::vector<description> inner = {engine("tag:x")};
  const std::vector<description> outer = {buffer("fine"), array(inner)};
  EXPECT_EQ(error_of(array(outer), trusted), AVS_EINVAL);
  const list chain({buffer("fine"), file(directory_.path("missing"))});
  EXPECT_EQ(error_of(chain.source(), trusted), AVS_EIO);
}

TEST_F(avs_credentials, a_query_names_a_tag_of_the_modem) {
  const struct {
    const char* query;
    const char* tag;  // nullptr: refused
  } rows[] = {
      {"tag:0", "0"},
      {"tag:7", "7"},
      {"tag:007", "7"},
      {"tag:2147483647", "2147483647"},
      {"tag:2147483648", nullptr},
      {"tag:99999999999999999999", nullptr},
      {"tag:-1", nullptr},
      {"tag:+1", nullptr},
      {"tag: 1", nullptr},
      {"tag:1 ", nullptr},
      {"tag:1,2", nullptr},
      {"tag:0x1", nullptr},
      {"tag:", nullptr},
      {"tag", nullptr},
      {"TAG:1", nullptr},
      {" tag:1", nullptr},
      {"1", nullptr},
      {"", nullptr},
      {"pkcs11:token=1", nullptr},
      {nullptr, nullptr},
  };
  for (const auto& row : rows)
    for (const auto type : all_types) {
      const std::string what = row.query == nullptr ? "none" : row.query;
      credentials read;
      EXPECT_EQ(read.add(engine(row.query), type).code, row.tag == nullptr ? AVS_EINVAL : 0) << what;
      EXPECT_EQ(read.tags(type), row.tag == nullptr ? "" : row.tag) << what;
      EXPECT_TRUE(read.take().empty()) << what;
    }
}

TEST_F(avs_credentials, a_directory_gives_the_certificates_in_it) {
  const auto path = directory_.path("ca");
  std::filesystem::create_directories(path + "/below");
  const auto other = make_root("other");
  const auto other_pem = to_pem(other.certificate.get());
  write("ca/1.pem", pem_);
  write("ca/2.crt", other_pem);
  write("ca/3.der", der_);
  write("ca/key.pem", to_pem(root_.key.get()));
  write("ca/nothing", "");
  write("ca/below/4.pem", pem_);
  credentials read;
  ASSERT_TRUE(avs_is_ok(read.add(directory(path), trusted)));
  const auto made = read.take();
  ASSERT_EQ(made.size(), 2U);
  EXPECT_EQ(text_of(made[0]), der_);
  const auto bundle = text_of(made[1]);
  EXPECT_EQ(count(bundle, "-----BEGIN CERTIFICATE-----"), 2U);
  EXPECT_NE(bundle.find(pem_), std::string::npos);
  EXPECT_NE(bundle.find(other_pem), std::string::npos);
  EXPECT_EQ(bundle.find("PRIVATE KEY"), std::string::npos) << "a key is nothing to trust";
  EXPECT_EQ(read.tags(trusted), "2000000000,2000000001");
}

TEST_F(avs_credentials, a_directory_without_certificates_gives_none_and_no_directory_fails) {
  const auto path = directory_.path("ca");
  std::filesystem::create_directory(path);
  credentials read;
  EXPECT_TRUE(avs_is_ok(read.add(directory(path), trusted)));
  EXPECT_EQ(read.tags(trusted), "");
  EXPECT_EQ(error_of(directory(directory_.path("missing")), trusted), AVS_EIO);
  EXPECT_EQ(error_of(directory(write("file", pem_)), trusted), AVS_EIO);
  auto no_name = directory(path);
  no_name.info.path.path = nullptr;
  EXPECT_EQ(error_of(no_name, trusted), AVS_EINVAL);
}

TEST_F(avs_credentials, a_long_bundle_goes_in_pieces_of_whole_certificates) {
  std::string bundle;
  std::size_t certificates = 0;
  for (; bundle.size() < 3 * at::max_payload_bytes; ++certificates)
    bundle += "# number " + std::to_string(certificates) + "\n" + pem_;
  const auto path = write("bundle", bundle);
  const auto in_directory = directory_.path("ca");
  std::filesystem::create_directory(in_directory);
  write("ca/bundle", bundle);
  for (const auto type : {trusted, own_chain})
    for (const auto& source : {buffer(bundle), file(path), directory(in_directory)}) {
      credentials read;
      ASSERT_TRUE(avs_is_ok(read.add(source, type)));
      std::string all;
      std::string tags;
      const auto made = read.take();
      EXPECT_GE(made.size(), 4U);
      for (const auto& one : made) {
        const auto piece = text_of(one);
        EXPECT_LE(piece.size(), at::max_payload_bytes);
        EXPECT_GT(count(piece, "-----BEGIN CERTIFICATE-----"), 0U);
        EXPECT_EQ(count(piece, "-----BEGIN CERTIFICATE-----"), count(piece, "-----END CERTIFICATE-----"));
        all += piece;
        tags += (tags.empty() ? "" : ",") + std::to_string(one.tag);
      }
      EXPECT_EQ(count(all, "-----BEGIN CERTIFICATE-----"), certificates);
      EXPECT_EQ(all.substr(0, bundle.size()), bundle);
      EXPECT_EQ(read.tags(type), tags);
    }
}

TEST_F(avs_credentials, the_border_of_a_payload_is_no_piece_too_many) {
  const auto end = pem_.find_last_not_of('\n') + 1;
  for (const auto beyond : {0U, 1U, 2U}) {
    std::string bundle = pem_;
    bundle.insert(0, std::string(at::max_payload_bytes - end, '#'));
    bundle.resize(at::max_payload_bytes);
    bundle += std::string(beyond, '\n');
    credentials read;
    ASSERT_TRUE(avs_is_ok(read.add(buffer(bundle), trusted)));
    const auto made = read.take();
    ASSERT_EQ(made.size(), 1U) << beyond;
    EXPECT_EQ(made[0].content.size(), at::max_payload_bytes);
  }
}

TEST_F(avs_credentials, what_the_modem_cannot_take_is_too_long) {
  const std::string endless = "-----BEGIN CERTIFICATE-----\n" + std::string(at::max_payload_bytes, 'A');
  const std::string binary(at::max_payload_bytes + 1, '\x30');
  for (const auto type : all_types) EXPECT_EQ(error_of(buffer(binary), type), AVS_EMSGSIZE);
  for (const auto type : all_types) EXPECT_EQ(error_of(buffer(endless), type), AVS_EMSGSIZE);
  for (const auto type : all_types)
    EXPECT_EQ(error_of(buffer(std::string_view(binary).substr(1)), type), 0) << "a full payload";
}

// A mistake next to something right is still a mistake: the modem is the one to say so.
TEST_F(avs_credentials, pem_without_a_certificate_reaches_the_modem_wherever_it_stands) {
  const auto key = to_pem(root_.key.get());
  const std::vector<description> key_first = {buffer(key), buffer(pem_)};
  const std::vector<description> key_last = {buffer(pem_), buffer(key)};
  for (const auto& sources : {key_first, key_last}) {
    credentials read;
    ASSERT_TRUE(avs_is_ok(read.add(array(sources), trusted)));
    EXPECT_EQ(read.take().size(), 2U);
  }
}

TEST_F(avs_credentials, are_copies) {
  std::string content = "secret";
  std::string password = "password";
  credentials read;
  ASSERT_TRUE(avs_is_ok(read.add(buffer(content, password.c_str()), private_key)));
  content.assign(content.size(), 'X');
  password.assign(password.size(), 'X');
  const auto made = read.take();
  EXPECT_EQ(made.at(0).content, "secret");
  EXPECT_EQ(made.at(0).password, "password");
}

}  // namespace
}  // namespace tlsmodem::test

// The authorities of the system: one set for all contexts, read again when its file changes.
#include "daemon/tls/system_authorities.hpp"

#include "daemon/tls/context_data.hpp"
#include "fixtures.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace tlsmodem::test {
namespace {

namespace fs = std::filesystem;
using at::error;
constexpr auto stream = tls::transport_kind::stream;

struct authorities {
  identity one = make_root("One");
  identity two = make_root("Two");
  identity namesake = make_root("One");  // another key under the same name
  identity middle = issue(two, {.common_name = "Middle", .role = certificate_role::authority});
};

const authorities& all() {
  static const authorities made;
  return made;
}

std::string pem_of(std::initializer_list<const identity*> those) {
  std::string text;
  for (const auto* each : those) text += to_pem(each->certificate.get());
  return text;
}

// A file and a directory in the place of the system's, for this process.
class system_authorities : public testing::Test {
 protected:
  system_authorities() {
    std::string pattern = (fs::temp_directory_path() / "authorities-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    root_ = pattern;
    fs::create_directory(root_ / "hashed");
    ::setenv("SSL_CERT_FILE", file().c_str(), 1);
    ::setenv("SSL_CERT_DIR", (root_ / "nowhere" += ":" + directory()).c_str(), 1);
  }
  ~system_authorities() override {
    ::unsetenv("SSL_CERT_FILE");
    ::unsetenv("SSL_CERT_DIR");
    fs::remove_all(root_);
  }

  std::string file() const { return root_ / "authorities.pem"; }
  std::string directory() const { return root_ / "hashed"; }
  // As package managers do it: never half a file.
  void replace(std::string_view content) const {
    std::ofstream(root_ / "next") << content;
    fs::rename(root_ / "next", file());
  }
  // In place, with another inode number or time of change, whatever the clock's steps.
  void overwrite(std::string_view content) const {
    const auto before = fs::last_write_time(file());
    std::ofstream(file()) << content;
    fs::last_write_time(file(), before + std::chrono::seconds(1));
  }
  void add_hashed(const identity& who, int number) const {
    char name[32];
    int is_known = 0;
    const auto hash =
        X509_NAME_hash_ex(X509_get_subject_name(who.certificate.get()), nullptr, nullptr, &is_known);
    std::snprintf(name, sizeof name, "%08lx.%d", hash, number);
    std::ofstream(fs::path(directory()) / name) << pem_of({&who});
  }
  std::shared_ptr<const tls::authority_set> current() {
    auto got = source_.current(tls::system_authority_paths());
    if (!got) {
      ADD_FAILURE() << got.why().text;
      std::abort();
    }
    return *got;
  }
  static std::size_t count(const tls::authority_set& those, const identity& name) {
    return those.named(X509_get_subject_name(name.certificate.get())).size();
  }
  static tls::context_options trusting_the_system() {
    tls::context_options options;
    options.transport = stream;
    options.system_ca = true;
    return options;
  }
  static std::string connect(const tls::context_options& options, const identity& issuer) {
    const identity own = issue(issuer, {.dns = {"server.example"}});
    pair peers(options, certificate_server(stream, own));
    return peers.up() ? "up" : peers.why();
  }
  std::string connect(const identity& issuer) { return connect(trusting_the_system(), issuer); }

  const std::string unknown_ = "the server's certificate was refused: unable to get local issuer certificate";
  tls::authority_source source_;

 private:
  fs::path root_;
};

TEST_F(system_authorities, are_where_the_environment_says) {
  EXPECT_EQ(tls::system_authority_paths().file, file());
  EXPECT_EQ(tls::system_authority_paths().directories.size(), 2U);
  EXPECT_EQ(tls::system_authority_paths().directories.back(), directory());
  ::setenv("SSL_CERT_DIR", "", 1);
  EXPECT_TRUE(tls::system_authority_paths().directories.empty());
  ::unsetenv("SSL_CERT_FILE");
  ::unsetenv("SSL_CERT_DIR");
  EXPECT_EQ(tls::system_authority_paths().file, X509_get_default_cert_file());
  EXPECT_EQ(tls::system_authority_paths().directories, std::vector<std::string>{X509_get_default_cert_dir()});
}

TEST_F(system_authorities, are_read_once_and_again_when_the_file_changes) {
  replace(pem_of({&all().one}));
  const auto first = current();
  EXPECT_EQ(first, current());
  EXPECT_EQ(count(*first, all().one), 1U);
  EXPECT_EQ(count(*first, all().two), 0U);
  replace(pem_of({&all().two}));
  const auto second = current();
  EXPECT_EQ(second, current());
  EXPECT_EQ(count(*second, all().one), 0U);
  EXPECT_EQ(count(*second, all().two), 1U);
  EXPECT_EQ(count(*first, all().one), 1U);  // who has the earlier ones keeps them
  overwrite("# with a comment\n" + pem_of({&all().one}));
  EXPECT_EQ(count(*current(), all().one), 1U);
}

TEST_F(system_authorities, stay_as_they_were_while_the_file_is_damaged) {
  const std::string whole = pem_of({&all().one, &all().two});
  replace(whole);
  const auto good = current();
  for (const std::string& bad : {std::string(), whole.substr(0, whole.size() / 4), std::string("# nothing\n"),
                                 whole.substr(0, whole.size() - 40), std::string(100, '\0')}) {
    overwrite(bad);
    EXPECT_EQ(current(), good) << bad.size();
    EXPECT_EQ(current(), good) << bad.size();
  }
  overwrite(pem_of({&all().two}));
  EXPECT_EQ(count(*current(), all().one), 0U);
}

TEST_F(system_authorities, are_trusted_no_more_when_they_are_taken_away) {
  replace(pem_of({&all().one}));
  EXPECT_EQ(count(*current(), all().one), 1U);
  fs::remove(file());
  EXPECT_EQ(count(*current(), all().one), 0U);
  fs::remove(directory());
  const auto none = source_.current(tls::system_authority_paths());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.why().code, error::credentials_missing);
  EXPECT_NE(none.why().text.find(file()), std::string::npos) << none.why().text;
}

TEST_F(system_authorities, are_those_of_the_directories_when_there_is_no_file_that_can_be_read) {
  add_hashed(all().one, 0);
  EXPECT_EQ(count(*current(), all().one), 1U);
  replace("rubbish");
  EXPECT_EQ(count(*current(), all().one), 1U);
  fs::remove_all(directory());
  tls::authority_source another;
  EXPECT_FALSE(another.current(tls::system_authority_paths()));
}

TEST_F(system_authorities, of_one_name_are_all_found) {
  replace(pem_of({&all().one, &all().two, &all().namesake}));
  EXPECT_EQ(count(*current(), all().one), 2U);
  add_hashed(all().two, 0);
  add_hashed(make_root("Two"), 1);
  add_hashed(make_root("Two"), 3);  // there is no 2: nobody looks further
  EXPECT_EQ(count(*current(), all().two), 3U);
}

TEST_F(system_authorities, vouch_for_servers_from_file_and_directory) {
  replace(pem_of({&all().one}));
  EXPECT_EQ(connect(all().one), "up");
  EXPECT_EQ(connect(all().two), unknown_);
  add_hashed(all().two, 0);
  EXPECT_EQ(connect(all().two), "up");
}

TEST_F(system_authorities, of_one_name_are_all_tried) {
  replace(pem_of({&all().namesake, &all().one}));
  EXPECT_EQ(connect(all().one), "up");
  EXPECT_EQ(connect(all().namesake), "up");
  replace(pem_of({&all().namesake}));
  EXPECT_NE(connect(all().one), "up");
  add_hashed(all().one, 0);
  EXPECT_EQ(connect(all().one), "up");
}

TEST_F(system_authorities, stand_beside_the_trusted_certificates_of_a_profile) {
  replace(pem_of({&all().one}));
  auto options = trusting_the_system();
  options.trusted = {{all().namesake.certificate, all().two.certificate}};
  for (const auto* issuer : {&all().one, &all().namesake, &all().two})
    EXPECT_EQ(connect(options, *issuer), "up");
  options.system_ca = false;
  EXPECT_NE(connect(options, all().one), "up");
}

// What is trusted ends the chain, also below a root that nobody knows.
TEST_F(system_authorities, may_be_intermediates) {
  replace(pem_of({&all().middle}));
  auto server = certificate_server(stream, issue(all().middle, {.dns = {"server.example"}}));
  for (const bool shows_it : {false, true}) {
    if (shows_it) server.intermediates = {all().middle};
    pair peers(trusting_the_system(), server);
    EXPECT_TRUE(peers.up()) << peers.why();
  }
}

TEST_F(system_authorities, do_not_stand_against_revocation_lists) {
  replace(pem_of({&all().one}));
  const identity own = issue(all().one, {.dns = {"server.example"}});
  for (const bool is_revoked : {false, true}) {
    auto options = trusting_the_system();
    options.revocations = {
        make_revocation_list(all().one, is_revoked ? std::vector<const X509*>{own.certificate.get()}
                                                   : std::vector<const X509*>{})};
    pair peers(options, certificate_server(stream, own));
    EXPECT_EQ(peers.up(), !is_revoked) << peers.why();
  }
}

TEST_F(system_authorities, complete_the_own_chain) {
  replace(pem_of({&all().middle, &all().two}));
  const identity own = issue(all().middle, {.common_name = "device", .role = certificate_role::client});
  auto options = trusting_the_system();
  options.trusted = {{pki().root.certificate}};
  options.own_chain = {own.certificate};
  options.key = own.key;
  options.rebuild_chain = true;
  auto server = certificate_server(stream);
  server.takes_any_client = true;
  pair peers(options, server);
  ASSERT_TRUE(peers.up()) << peers.why();
  peers.network.settle();
  EXPECT_EQ(sk_X509_num(SSL_get_peer_cert_chain(peers.server.ssl())), 2);
}

TEST_F(system_authorities, of_a_context_are_those_of_its_time) {
  replace(pem_of({&all().one}));
  const auto before = tls::build_context(trusting_the_system());
  ASSERT_TRUE(before);
  replace(pem_of({&all().two}));
  for (const auto* issuer : {&all().one, &all().two}) {
    const auto client = tls::make_engine(*before, {"server.example", {}}, 1400);
    test_server server(certificate_server(stream, issue(*issuer, {.dns = {"server.example"}})));
    simulation network(*client, server);
    network.connect();
    EXPECT_EQ(client->state() == tls::engine_state::established, issuer == &all().one);
  }
}

TEST_F(system_authorities, are_shared_by_all_contexts) {
  replace(pem_of({&all().one, &all().two, &all().namesake, &all().middle}));
  const auto context = tls::build_context(trusting_the_system());
  ASSERT_TRUE(context);
  X509_STORE* const store = SSL_CTX_get_cert_store((*context)->ssl_ctx.get());
  EXPECT_EQ(sk_X509_OBJECT_num(X509_STORE_get0_objects(store)), 0);
  for (int round = 0; round < 2; ++round) {
    const auto client = tls::make_engine(*context, {"server.example", {}}, 1400);
    test_server server(certificate_server(stream, issue(all().two, {.dns = {"server.example"}})));
    simulation network(*client, server);
    network.connect();
    ASSERT_EQ(client->state(), tls::engine_state::established) << client->failure().why.text;
    const auto* const objects = X509_STORE_get0_objects(store);
    ASSERT_EQ(sk_X509_OBJECT_num(objects), 1);
    const auto shared = tls::shared_authorities().current(tls::system_authority_paths());
    const auto found = (*shared)->named(X509_get_subject_name(all().two.certificate.get()));
    EXPECT_EQ(X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, 0)), found.front().get());
  }
}

TEST_F(system_authorities, may_be_asked_by_several_threads) {
  replace(pem_of({&all().one, &all().two}));
  add_hashed(all().namesake, 0);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, thread] {
      for (int round = 0; round < 50; ++round) {
        if (thread == 0) replace(pem_of({&all().one, round % 2 == 0 ? &all().two : &all().middle}));
        EXPECT_EQ(count(*current(), all().one), 2U);
      }
    });
  }
  for (auto& each : threads) each.join();
}

}  // namespace
}  // namespace tlsmodem::test

// Whose certificates are trusted: the system's, and those of every source of avs_net, in any mixture.
#include "avs_net_trust_fixture.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace tlsmodem::test {
namespace {

using chain_info = avs_crypto_certificate_chain_info_t;

chain_info buffer_of(const std::string& pem) {
  return avs_crypto_certificate_chain_info_from_buffer(pem.data(), pem.size());
}

// Content that is found at a path by this process, and by no other under the same path.
class own_descriptor {
 public:
  explicit own_descriptor(std::string_view content) : fd_(::memfd_create("certificates", MFD_CLOEXEC)) {
    if (::write(fd_, content.data(), content.size()) != static_cast<ssize_t>(content.size()))
      throw std::runtime_error("cannot write in memory");
  }
  static own_descriptor of_directory(const std::string& path) {
    return own_descriptor(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  ~own_descriptor() { ::close(fd_); }
  own_descriptor(const own_descriptor&) = delete;
  own_descriptor& operator=(const own_descriptor&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  explicit own_descriptor(int fd) : fd_(fd) {}
  int fd_;
};

class avs_net_trusted : public avs_net_trust {
 protected:
  tls_settings with_trusted(const chain_info& trusted, bool and_system = false) const {
    auto made = with_certificates(transport());
    made.trusted.clear();
    made.adjust = [trusted, and_system](avs_net_certificate_info_t& info) {
      info.trusted_certs = trusted;
      info.ignore_system_trust_store = !and_system;
    };
    return made;
  }

  // What libcrypto takes for the system's store is named by the daemon's environment.
  void make_system_trust(const std::vector<const identity*>& roots) {
    std::string bundle;
    for (const auto* root : roots) bundle += to_pem(root->certificate.get());
    const auto nothing = directory_.path("certs");
    std::filesystem::create_directory(nothing);
    ::setenv("SSL_CERT_FILE", files_.write_text("system.pem", bundle).c_str(), 1);
    ::setenv("SSL_CERT_DIR", nothing.c_str(), 1);
    daemon_.restart(SIGTERM);
  }

  const std::string root_pem_ = to_pem(root_.certificate.get());
  const std::string stranger_pem_ = to_pem(stranger_.certificate.get());
  const temporary_directory directory_;
};
INSTANTIATE_TEST_SUITE_P(over, avs_net_trusted, ::testing::ValuesIn(all_transports()), name_of);

TEST_P(avs_net_trusted, system_vouches_only_when_it_is_asked) {
  make_system_trust({&stranger_, &root_});
  serve_below_middle();
  EXPECT_EQ(connect(with_trusted({}, true)), ok);
  EXPECT_EQ(connect(with_trusted(buffer_of(stranger_pem_), true)), ok) << "it adds to what is given";
  EXPECT_TRUE(is_refused(unknown_ca, with_trusted(buffer_of(stranger_pem_))));
  EXPECT_EQ(connect(with_trusted({})), library_error(nobody_to_trust));
  auto settings = with_trusted({}, true);
  settings.sni = "elsewhere.test";
  EXPECT_TRUE(is_refused(bad_certificate, settings)) << "a name is still a name";
  make_system_trust({&stranger_});
  EXPECT_TRUE(is_refused(unknown_ca, with_trusted({}, true)));
  EXPECT_EQ(connect(with_trusted(buffer_of(root_pem_), true)), ok);
}

TEST_P(avs_net_trusted, certificate_may_be_there_many_times) {
  make_system_trust({&root_, &root_});
  serve_below_middle();
  const auto ca = directory_.path("ca");
  std::filesystem::create_directory(ca);
  write_file(ca + "/1.pem", root_pem_ + root_pem_);
  write_file(ca + "/2.der", as_text(to_der(root_.certificate.get())));
  const std::vector<chain_info> inner = {buffer_of(root_pem_), buffer_of(stranger_pem_), {}};
  const std::vector<chain_info> sources = {
      buffer_of(root_pem_), avs_crypto_certificate_chain_info_from_file(root_file_.c_str()),
      avs_crypto_certificate_chain_info_from_path(ca.c_str()),
      avs_crypto_certificate_chain_info_from_array(inner.data(), inner.size())};
  const auto all = avs_crypto_certificate_chain_info_from_array(sources.data(), sources.size());
  EXPECT_EQ(connect(with_trusted(all)), ok);
  EXPECT_EQ(connect(with_trusted(all, true)), ok);
}

// /proc/self is each process's own: if the daemon opened these paths, it would find nothing, or something
// else.
TEST_P(avs_net_trusted, files_and_directories_are_opened_by_the_application) {
  serve_below_middle();
  const own_descriptor right(root_pem_);
  const own_descriptor wrong(stranger_pem_);
  const auto ca = directory_.path("ca");
  std::filesystem::create_directory(ca);
  write_file(ca + "/root.pem", root_pem_);
  const auto as_directory = own_descriptor::of_directory(ca);
  EXPECT_EQ(connect(with_trusted(avs_crypto_certificate_chain_info_from_file(right.path().c_str()))), ok);
  EXPECT_TRUE(is_refused(unknown_ca,
                         with_trusted(avs_crypto_certificate_chain_info_from_file(wrong.path().c_str()))));
  EXPECT_EQ(connect(with_trusted(avs_crypto_certificate_chain_info_from_path(as_directory.path().c_str()))),
            ok);
  const auto relative = std::filesystem::relative(root_file_);
  EXPECT_EQ(connect(with_trusted(avs_crypto_certificate_chain_info_from_file(relative.c_str()))), ok);
}

TEST_P(avs_net_trusted, own_certificate_and_key_are_read_by_the_application) {
  serve_below_middle({"-CAfile", root_file_, "-Verify", "2", "-verify_return_error"});
  const own_descriptor chain(to_pem(client_.certificate.get()));
  const own_descriptor key(to_pem(client_.key.get(), "open sesame"));
  const auto chain_path = chain.path();
  const auto key_path = key.path();
  auto settings = with_certificates(transport());
  settings.adjust = [&](avs_net_certificate_info_t& info) {
    info.client_cert = avs_crypto_certificate_chain_info_from_file(chain_path.c_str());
    info.client_key = avs_crypto_private_key_info_from_file(key_path.c_str(), "open sesame");
  };
  const avs_socket socket(settings);
  EXPECT_EQ(socket.connect(), ok);
  EXPECT_TRUE(talks(socket, server()));
}

}  // namespace
}  // namespace tlsmodem::test

// Revocation lists, from every source that avs_net knows for them.
#include "avs_net_trust_fixture.hpp"

#include <ostream>

namespace tlsmodem::test {
namespace {

using list_info = avs_crypto_cert_revocation_list_info_t;

enum class source { pem_buffer, der_buffers, file, array, list, nested };
constexpr source all_sources[] = {source::pem_buffer, source::der_buffers, source::file,
                                  source::array,      source::list,        source::nested};

// Lists as an application holds them; the description is valid as long as this.
class held_lists {
 public:
  held_lists(const key_files& files, source from, const std::vector<std::shared_ptr<X509_CRL>>& lists)
      : from_(from) {
    for (const auto& one : lists) {
      const auto pem = to_pem(one.get());
      all_ += pem;
      pieces_.push_back(from == source::der_buffers ? std::string(as_text(to_der(one.get()))) : pem);
    }
    path_ = files.write_text("lists.pem", all_);
    for (const auto& piece : pieces_)
      each_.push_back(avs_crypto_cert_revocation_list_info_from_buffer(piece.data(), piece.size()));
    outer_ = {avs_crypto_cert_revocation_list_info_from_array(each_.data(), each_.size()), list_info{},
              avs_crypto_cert_revocation_list_info_from_file(path_.c_str())};
    for (const auto& one : each_) {
      auto* const element = AVS_LIST_NEW_ELEMENT(list_info);
      *element = one;
      AVS_LIST_APPEND(&list_, element);
    }
  }
  ~held_lists() { AVS_LIST_CLEAR(&list_); }
  held_lists(const held_lists&) = delete;
  held_lists& operator=(const held_lists&) = delete;

  list_info description() const {
    switch (from_) {
      case source::pem_buffer:
        return avs_crypto_cert_revocation_list_info_from_buffer(all_.data(), all_.size());
      case source::file:
        return avs_crypto_cert_revocation_list_info_from_file(path_.c_str());
      case source::list:  // Anjay's trust_store_crls
        return avs_crypto_cert_revocation_list_info_from_list(list_);
      case source::nested:
        return avs_crypto_cert_revocation_list_info_from_array(outer_.data(), outer_.size());
      default:
        return avs_crypto_cert_revocation_list_info_from_array(each_.data(), each_.size());
    }
  }

 private:
  source from_;
  std::string all_;
  std::string path_;
  std::vector<std::string> pieces_;
  std::vector<list_info> each_;
  std::vector<list_info> outer_;
  AVS_LIST(list_info) list_ = nullptr;
};

class avs_net_revocation : public avs_net_trust {
 protected:
  tls_settings with_lists(const held_lists& lists) const {
    auto made = with_certificates(transport());
    made.adjust = [info = lists.description()](avs_net_certificate_info_t& certificates) {
      certificates.cert_revocation_lists = info;
    };
    return made;
  }

  std::shared_ptr<X509_CRL> of_root(const std::vector<const X509*>& revoked = {}) const {
    return make_revocation_list(root_, revoked);
  }
  std::shared_ptr<X509_CRL> of_middle(const std::vector<const X509*>& revoked = {}) const {
    return make_revocation_list(middle_, revoked);
  }
};
INSTANTIATE_TEST_SUITE_P(over, avs_net_revocation, ::testing::ValuesIn(all_transports()), name_of);

TEST_P(avs_net_revocation, is_asked_of_lists_from_every_source) {
  serve_below_middle();
  const auto& leaf = below_.certificate;
  const auto& authority = middle_.certificate;
  for (const auto from : all_sources) {
    SCOPED_TRACE(static_cast<int>(from));
    const held_lists nothing(files_, from, {of_root(), of_middle({server_.certificate.get()})});
    EXPECT_EQ(connect(with_lists(nothing)), ok);
    const held_lists revokes_leaf(files_, from, {of_root(), of_middle({leaf.get()})});
    EXPECT_TRUE(is_refused(certificate_revoked, with_lists(revokes_leaf)));
    const held_lists revokes_authority(files_, from, {of_root({authority.get()}), of_middle()});
    EXPECT_TRUE(is_refused(certificate_revoked, with_lists(revokes_authority)));
  }
}

TEST_P(avs_net_revocation, needs_a_list_in_force_for_every_certificate) {
  serve_below_middle();
  const auto expired = make_revocation_list(middle_, {}, -9, -2);
  const auto of_tomorrow = make_revocation_list(middle_, {}, 1, 9);
  const auto of_stranger = make_revocation_list(stranger_, {});
  const struct {
    const char* what;
    std::vector<std::shared_ptr<X509_CRL>> lists;
    int alert;
  } rows[] = {
      {"expired", {of_root(), expired}, certificate_expired},
      {"expired beside one in force", {of_root(), expired, of_middle()}, 0},
      {"not in force yet", {of_root(), of_tomorrow}, bad_certificate},
      {"none of the leaf's authority", {of_root()}, unknown_ca},
      {"none of the authority's authority", {of_middle()}, unknown_ca},
      {"somebody else's", {of_stranger}, unknown_ca},
      {"somebody else's too", {of_root(), of_stranger, of_middle()}, 0},
  };
  for (const auto& row : rows) {
    const held_lists lists(files_, source::array, row.lists);
    if (row.alert == 0) {
      EXPECT_EQ(connect(with_lists(lists)), ok) << row.what;
    } else {
      EXPECT_TRUE(is_refused(row.alert, with_lists(lists))) << row.what;
    }
  }
  EXPECT_EQ(connect(with_certificates(transport())), ok) << "without lists nothing is asked";
}

TEST_P(avs_net_revocation, is_nobodys_business_without_validation) {
  serve_below_middle();
  const held_lists lists(files_, source::array, {of_middle({below_.certificate.get()})});
  auto settings = with_lists(lists);
  settings.verifies = false;
  EXPECT_EQ(connect(settings), ok);
}

TEST_P(avs_net_revocation, lists_that_are_none_fail_the_create) {
  const auto how = [&](const list_info& info) {
    auto settings = with_certificates(transport());
    settings.adjust = [&](avs_net_certificate_info_t& to) { to.cert_revocation_lists = info; };
    avs_net_socket_t* socket = nullptr;
    const auto made = settings.create(socket);
    avs_net_socket_cleanup(&socket);
    return made;
  };
  const auto of = [](std::string_view text) {
    return avs_crypto_cert_revocation_list_info_from_buffer(text.data(), text.size());
  };
  const auto certificate = to_pem(root_.certificate.get());
  EXPECT_EQ(how(of("no list")), outcome(AVS_EPROTO));
  EXPECT_EQ(how(of(certificate)), outcome(AVS_EPROTO));
  EXPECT_EQ(how(of("")), outcome(AVS_EINVAL));
  EXPECT_EQ(how(avs_crypto_cert_revocation_list_info_from_file("/nonexistent/list.pem")), outcome(AVS_EIO));
  EXPECT_EQ(how(list_info{}), ok);
}

}  // namespace
}  // namespace tlsmodem::test

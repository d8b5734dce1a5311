#include "configuration.hpp"

#include "credentials.hpp"
#include "errors.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>

namespace tlsmodem::avs {
namespace {

using enum at::credential_type;

constexpr int ip4_and_udp_headers = 20 + 8;
// What TLS calls a cipher suite has two bytes; avs_net's ids have room for more.
constexpr std::uint32_t max_suite = 0xFFFF;

client::option text_option(std::string name, std::string_view text) {
  return {std::move(name), {{at::value::kind::string, 0, std::string(text)}}, false};
}
client::option number_option(std::string name, std::int64_t number) {
  return {std::move(name), {{at::value::kind::number, number, {}}}, false};
}

constexpr const char* hex_digits = "0123456789ABCDEF";

std::string join_suites(const avs_net_socket_tls_ciphersuites_t& suites) {
  std::string list;
  for (std::size_t i = 0; i < suites.num_ids; ++i) {
    const auto id = suites.ids[i];
    if (id > max_suite) continue;
    if (!list.empty()) list += ',';
    for (int shift = 12; shift >= 0; shift -= 4) list += hex_digits[id >> shift & 15];
  }
  // None that exists is something else than no wish: it has to fail.
  return list.empty() && suites.num_ids > 0 ? "FFFF" : list;
}

// The word of the option `version`; nullptr for what the modem does not speak.
const char* version_word(avs_net_ssl_version_t version, transport over) {
  switch (version) {
    case AVS_NET_SSL_VERSION_TLSv1:
      return over == transport::datagram ? "1.1" : "1.0";  // DTLS 1.0 is made of TLS 1.1
    case AVS_NET_SSL_VERSION_TLSv1_1:
      return "1.1";
    case AVS_NET_SSL_VERSION_TLSv1_2:
      return "1.2";
    case AVS_NET_SSL_VERSION_TLSv1_3:
      return over == transport::datagram ? nullptr : "1.3";
    default:
      return nullptr;
  }
}

std::optional<std::chrono::milliseconds> milliseconds_of(avs_time_duration_t duration) {
  std::int64_t count = 0;
  if (avs_time_duration_to_scalar(&count, AVS_TIME_MS, duration) != 0) return std::nullopt;
  return std::chrono::milliseconds(count);
}

avs_error_t read_certificates(const avs_net_certificate_info_t& from, configuration& into) {
  credentials read;
  const bool has_chain = from.client_cert.desc.source != AVS_CRYPTO_DATA_SOURCE_EMPTY;
  if (has_chain && from.client_key.desc.source == AVS_CRYPTO_DATA_SOURCE_EMPTY) return error_of(AVS_EINVAL);
  avs_error_t wrong = AVS_OK;
  if (from.server_cert_validation || from.rebuild_client_cert_chain)
    wrong = read.add(from.trusted_certs.desc, trusted);
  if (avs_is_ok(wrong) && from.server_cert_validation)
    wrong = read.add(from.cert_revocation_lists.desc, revocation_lists);
  if (avs_is_ok(wrong) && has_chain) wrong = read.add(from.client_cert.desc, own_chain);
  if (avs_is_ok(wrong) && has_chain) wrong = read.add(from.client_key.desc, private_key);
  if (avs_is_err(wrong)) return wrong;

  auto& options = into.lasting;
  options.push_back(number_option("verify", from.server_cert_validation ? 2 : 0));
  if (from.server_cert_validation && !from.ignore_system_trust_store)
    options.push_back(number_option("system_ca", 1));
  const struct {
    const char* name;
    at::credential_type type;
  } tags[] = {{"ca", trusted}, {"crl", revocation_lists}, {"cert", own_chain}, {"key", private_key}};
  for (const auto& [name, type] : tags)
    if (const auto list = read.tags(type); !list.empty()) options.push_back(text_option(name, list));
  if (has_chain && from.rebuild_client_cert_chain) options.push_back(number_option("rebuild_chain", 1));
  into.uses_dane = from.dane;
  into.credentials = read.take();
  return AVS_OK;
}

avs_error_t read_psk(const avs_net_psk_info_t& from, configuration& into) {
  credentials read;
  if (const auto wrong = read.add_psk(from); avs_is_err(wrong)) return wrong;
  into.lasting.push_back(text_option("psk", read.tags(psk)));
  into.credentials = read.take();
  into.uses_psk = true;
  return AVS_OK;
}

avs_error_t read_backend(const avs_net_socket_configuration_t& from, configuration& into) {
  // The modem has no option for these, and pretending would be worse.
  if (from.priority != 0 || from.transparent != 0) return error_of(AVS_ENOTSUP);
  into.family = from.address_family;
  into.preferred_family = from.preferred_family;
  into.forced_mtu = from.forced_mtu;
  into.preferred_endpoint = from.preferred_endpoint;
  const std::string_view name(from.interface_name, std::size(from.interface_name));
  into.interface_name = name.substr(0, name.find('\0'));
  if (!into.interface_name.empty()) into.lasting.push_back(text_option("iface", into.interface_name));
  if (from.dscp != 0) into.lasting.push_back(number_option("dscp", from.dscp));
  if (from.reuse_addr != 0) into.lasting.push_back(number_option("reuse", 1));
  if (into.over == transport::datagram && from.forced_mtu > 0)
    into.lasting.push_back(number_option("mtu", std::max(0, from.forced_mtu - ip4_and_udp_headers)));
  return AVS_OK;
}

const char* family_word(avs_net_af_t family) {
  return family == AVS_NET_AF_INET4 ? "v4" : family == AVS_NET_AF_INET6 ? "v6" : "any";
}

}  // namespace

std::optional<handshake_timer> timer_of(const avs_net_dtls_handshake_timeouts_t& timeouts) {
  const auto first = milliseconds_of(timeouts.min);
  const auto last = milliseconds_of(timeouts.max);
  if (!first || !last || first->count() < 1 || *last < *first ||
      last->count() > std::numeric_limits<std::int32_t>::max())
    return std::nullopt;
  return handshake_timer{*first, *last};
}

avs_error_t read_configuration(const avs_net_ssl_configuration_t& from, transport over, configuration& into) {
  into.over = over;
  into.lasting.push_back(text_option("proto", over == transport::datagram ? "dtls" : "tls"));
  if (from.additional_configuration_clb != nullptr)
    return error_of(AVS_ENOTSUP);  // it wants a library's object
  if (from.session_resumption_buffer == nullptr && from.session_resumption_buffer_size != 0)
    return error_of(AVS_EINVAL);
  if (from.version != AVS_NET_SSL_VERSION_DEFAULT) {
    const auto* const word = version_word(from.version, over);
    if (word == nullptr) return error_of(AVS_ENOTSUP);
    into.lasting.push_back(text_option("version", word));
  }
  if (from.dtls_handshake_timeouts != nullptr && over == transport::datagram) {
    const auto timer = timer_of(*from.dtls_handshake_timeouts);
    if (!timer) return error_of(AVS_EINVAL);
    into.timer = *timer;
  }
  const auto wrong = from.security.mode == AVS_NET_SECURITY_PSK ? read_psk(from.security.data.psk, into)
                     : from.security.mode == AVS_NET_SECURITY_CERTIFICATE
                         ? read_certificates(from.security.data.cert, into)
                         : error_of(AVS_EINVAL);
  if (avs_is_err(wrong)) return wrong;
  if (const auto suites = join_suites(from.ciphersuites); !suites.empty())
    into.lasting.push_back(text_option("ciphers", suites));
  if (from.server_name_indication != nullptr)
    into.lasting.push_back(text_option("sni", from.server_name_indication));
  into.resumption_buffer = {static_cast<std::uint8_t*>(from.session_resumption_buffer),
                            from.session_resumption_buffer_size};
  into.lasting.push_back(number_option("resume", into.resumption_buffer.empty() ? 0 : 2));
  // An extension that a server may decline, so a modem without it is as good as such a server; the socket
  // option CONNECTION_ID_RESUMED tells.
  if (from.use_connection_id && over == transport::datagram) {
    into.lasting.push_back(text_option("cid", ""));
    into.lasting.back().is_optional = true;
    into.continues = true;
  }
  return read_backend(from.backend_configuration, into);
}

avs_error_t read_environment(configuration& into) {
  const char* const chosen = std::getenv("TLSMODEM_PSK_IS_RESUMPTION");
  const std::string_view word = chosen == nullptr || *chosen == '\0' ? "0" : chosen;
  into.is_psk_resumption = word == "1";
  return word == "0" || word == "1" ? AVS_OK : error_of(AVS_EINVAL);
}

avs_error_t read_tlsa(const avs_net_socket_dane_tlsa_array_t& from, std::vector<std::string>& into) {
  std::vector<std::string> records;
  for (std::size_t i = 0; i < from.array_element_count; ++i) {
    const auto& one = from.array_ptr[i];
    if (one.association_data == nullptr && one.association_data_size != 0) return error_of(AVS_EINVAL);
    if (one.association_data_size == 0) continue;  // what is empty matches nothing
    std::string record = std::to_string(one.certificate_usage) + " " + std::to_string(one.selector) + " " +
                         std::to_string(one.matching_type) + " ";
    const auto* const data = static_cast<const std::uint8_t*>(one.association_data);
    for (std::size_t k = 0; k < one.association_data_size; ++k)
      record.append({hex_digits[data[k] >> 4], hex_digits[data[k] & 15]});
    records.push_back(std::move(record));
  }
  into = std::move(records);
  return AVS_OK;
}

std::vector<client::option> options_of(const configuration& from) {
  auto options = from.lasting;
  auto family = text_option("family", family_word(from.family));
  if (from.family == AVS_NET_AF_UNSPEC && from.preferred_family != AVS_NET_AF_UNSPEC)
    family.values.push_back({at::value::kind::string, 0, family_word(from.preferred_family)});
  options.push_back(std::move(family));
  if (from.over == transport::datagram) {
    options.push_back(number_option("hs_min", from.timer.first.count()));
    options.push_back(number_option("hs_max", from.timer.last.count()));
  }
  if (from.uses_dane)
    for (const auto& record : from.tlsa_records) options.push_back(text_option("dane", record));
  return options;
}

}  // namespace tlsmodem::avs

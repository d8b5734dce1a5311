// A profile: the options that a socket copies when it is opened, as AT#TCFG and the configuration file set
// them.
#pragma once

#include "daemon/net/endpoint.hpp"
#include "daemon/tls/context.hpp"
#include "protocol/value.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem {

enum class socket_protocol : std::uint8_t { dtls, tls, udp, tcp };
// When a connect offers a session: never, this socket's own last one, that of a handle, that of the peer.
enum class resume_mode : std::uint8_t { never, own, by_handle, automatic };
enum class delivery_mode : std::uint8_t { push, pull };

struct profile {
  socket_protocol protocol = socket_protocol::dtls;
  tls::tls_version min_version = tls::tls_version::tls1_2;
  std::optional<tls::tls_version> max_version;  // unset: the newest
  std::vector<std::uint16_t> ciphers;           // IANA ids; empty: all that fit
  tls::verification verify = tls::verification::required;
  std::optional<std::string> sni;  // unset: the host of the connect
  std::vector<std::int64_t> ca_tags;
  std::vector<std::int64_t> cert_tags;
  std::vector<std::int64_t> key_tags;
  std::vector<std::int64_t> psk_tags;
  std::vector<std::int64_t> crl_tags;
  bool rebuild_chain = false;
  std::vector<tls::tlsa_record> dane;  // max_tlsa_records at most
  bool system_ca = false;
  tls::legacy_allowances legacy;
  std::vector<std::string> alpn;
  resume_mode resume = resume_mode::by_handle;
  bool keep = true;
  std::chrono::milliseconds hs_min{1000};
  std::chrono::milliseconds hs_max{60000};
  std::chrono::milliseconds hs_timeout{0};  // 0: by the protocol
  net::address_family family = net::address_family::any;
  net::address_family preferred_family = net::address_family::any;
  std::size_t mtu_bytes = 0;  // largest datagram sent; 0: by the path
  net::socket_options os;
  delivery_mode delivery = delivery_mode::push;
  std::optional<tls::cid_choice> cid;        // RFC 9146; unset: off
  std::chrono::milliseconds auto_resume{0};  // of silence, before a datagram; 0: off

  bool is_datagram() const { return protocol == socket_protocol::dtls || protocol == socket_protocol::udp; }
  bool is_secure() const { return protocol == socket_protocol::dtls || protocol == socket_protocol::tls; }
};

std::string_view name_of(socket_protocol protocol);

// Sets one option, or adds to it when it is repeatable; on a failure nothing is changed. Errors: 22 no such
// option, 50 or 25 a bad value, 20 no room for more, 4 a value that the contract knows and this daemon does
// not do.
std::optional<at::failure> set_option(profile& target, std::string_view option,
                                      std::span<const at::value> values);
// The same with the text of a configuration file: values as in AT#TCFG, or one bare word.
std::optional<at::failure> set_option(profile& target, std::string_view option, std::string_view text);

// Does each setting add to the option, until "" clears it? Its values are listed one by one.
bool is_repeatable(std::string_view option);

// The option's values; empty: not set. Error: 22 no such option.
at::result<std::vector<at::value>> read_option(const profile& source, std::string_view option);

// Every option, in the order in which AT#TCFG lists them.
std::span<const std::string_view> option_names();

}  // namespace tlsmodem

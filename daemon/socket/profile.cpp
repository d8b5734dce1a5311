#include "profile.hpp"

#include "option_values.hpp"
#include "protocol/limits.hpp"
#include "security_options.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace tlsmodem {
namespace {

using at::arguments;
using at::error;
using at::failure;
using namespace option_values;
using namespace security_options;

constexpr std::string_view dane_option = "dane";
constexpr std::int64_t max_milliseconds = 24LL * 3600 * 1000;

outcome unsupported(std::string_view option, std::string_view which) {
  return failure{error::not_supported, std::string(which) + " of the option " + std::string(option) +
                                           " is not supported by this version."};
}

constexpr std::array<std::string_view, 4> protocol_words = {"dtls", "tls", "udp", "tcp"};
constexpr std::array<std::string_view, 3> family_words = {"any", "v4", "v6"};
constexpr std::array<std::string_view, 2> delivery_words = {"push", "pull"};

outcome set_proto(profile& p, arguments& in) {
  const auto word = in.text(16);
  const auto carrier = in.optional_text(16);
  if (auto wrong = in.finish()) return wrong;
  const auto found = from_word<socket_protocol>(protocol_words, word);
  if (!found) return bad("The protocol is one of dtls, tls, udp, tcp.");
  if (carrier) return unsupported("proto", "A carried transport");
  p.protocol = *found;
  return std::nullopt;
}
values get_proto(const profile& p) { return {text(name_of(p.protocol))}; }

template <auto Member>
outcome set_tags(profile& p, arguments& in) {
  const auto list = in.text(at::max_line_bytes);
  if (auto wrong = in.finish()) return wrong;
  std::vector<std::int64_t> tags;
  for (const auto& part : split(list)) {
    std::int64_t tag = -1;
    const auto* end = part.data() + part.size();
    const auto [stop, status] = std::from_chars(part.data(), end, tag);
    if (part.empty() || status != std::errc{} || stop != end || tag < 0 || tag > 0x7fffffff)
      return bad("A tag is a number from 0 to 2147483647.");
    tags.push_back(tag);
  }
  p.*Member = std::move(tags);
  return std::nullopt;
}
template <auto Member>
values get_tags(const profile& p) {
  std::vector<std::string> words;
  for (const auto tag : p.*Member) words.push_back(std::to_string(tag));
  return {text(join(words))};
}

template <auto Member>
outcome set_flag(profile& p, arguments& in) {
  const auto flag = in.number(0, 1);
  if (auto wrong = in.finish()) return wrong;
  p.*Member = flag == 1;
  return std::nullopt;
}
template <auto Member>
values get_flag(const profile& p) {
  return {number(p.*Member ? 1 : 0)};
}

template <auto Member>
outcome set_duration(profile& p, arguments& in) {
  constexpr bool may_be_off = Member == &profile::hs_timeout || Member == &profile::auto_resume;
  const auto count = in.number(may_be_off ? 0 : 1, max_milliseconds);
  if (auto wrong = in.finish()) return wrong;
  p.*Member = std::chrono::milliseconds(count);
  return std::nullopt;
}
template <auto Member>
values get_duration(const profile& p) {
  return {number((p.*Member).count())};
}

outcome set_resume(profile& p, arguments& in) {
  const auto mode = in.number(0, 3);
  if (auto wrong = in.finish()) return wrong;
  p.resume = static_cast<resume_mode>(mode);
  return std::nullopt;
}
values get_resume(const profile& p) { return {number(static_cast<std::int64_t>(p.resume))}; }

outcome set_family(profile& p, arguments& in) {
  const auto only = from_word<net::address_family>(family_words, in.text(8));
  const auto preferred = from_word<net::address_family>(family_words, in.optional_text(8).value_or("any"));
  if (auto wrong = in.finish()) return wrong;
  if (!only || !preferred) return bad("An address family is one of any, v4, v6.");
  p.family = *only;
  p.preferred_family = *preferred;
  return std::nullopt;
}
values get_family(const profile& p) {
  const auto word = [](net::address_family f) { return text(family_words[static_cast<std::size_t>(f)]); };
  values out{word(p.family)};
  if (p.preferred_family != net::address_family::any) out.push_back(word(p.preferred_family));
  return out;
}

outcome set_mtu(profile& p, arguments& in) {
  const auto size = in.number(0, 65507);
  if (auto wrong = in.finish()) return wrong;
  // Below this OpenSSL cannot fit a handshake fragment into a datagram.
  if (size != 0 && size < 256) return bad("The MTU is 0 (by the path) or at least 256 bytes.");
  p.mtu_bytes = static_cast<std::size_t>(size);
  return std::nullopt;
}
values get_mtu(const profile& p) { return {number(static_cast<std::int64_t>(p.mtu_bytes))}; }

outcome set_iface(profile& p, arguments& in) {
  auto name = in.text(15);  // IF_NAMESIZE less its NUL
  if (auto wrong = in.finish()) return wrong;
  p.os.interface = std::move(name);
  return std::nullopt;
}
values get_iface(const profile& p) { return {text(p.os.interface)}; }

outcome set_dscp(profile& p, arguments& in) {
  const auto codepoint = in.number(0, 63);
  if (auto wrong = in.finish()) return wrong;
  p.os.dscp = static_cast<int>(codepoint);
  return std::nullopt;
}
values get_dscp(const profile& p) { return {number(p.os.dscp)}; }

outcome set_reuse(profile& p, arguments& in) {
  const auto flag = in.number(0, 1);
  if (auto wrong = in.finish()) return wrong;
  p.os.reuse = flag == 1;
  return std::nullopt;
}
values get_reuse(const profile& p) { return {number(p.os.reuse ? 1 : 0)}; }

outcome set_delivery(profile& p, arguments& in) {
  const auto found = from_word<delivery_mode>(delivery_words, in.text(8));
  if (auto wrong = in.finish()) return wrong;
  if (!found) return bad("The delivery is push or pull.");
  p.delivery = *found;
  return std::nullopt;
}
values get_delivery(const profile& p) { return {text(delivery_words[static_cast<std::size_t>(p.delivery)])}; }

struct option_row {
  std::string_view name;
  outcome (*set)(profile&, arguments&);
  values (*get)(const profile&);
};

constexpr std::array rows = {
    option_row{"proto", set_proto, get_proto},
    option_row{"version", set_version, get_version},
    option_row{"ciphers", set_ciphers, get_ciphers},
    option_row{"verify", set_verify, get_verify},
    option_row{"sni", set_sni, get_sni},
    option_row{"ca", set_tags<&profile::ca_tags>, get_tags<&profile::ca_tags>},
    option_row{"cert", set_tags<&profile::cert_tags>, get_tags<&profile::cert_tags>},
    option_row{"key", set_tags<&profile::key_tags>, get_tags<&profile::key_tags>},
    option_row{"psk", set_tags<&profile::psk_tags>, get_tags<&profile::psk_tags>},
    option_row{"system_ca", set_flag<&profile::system_ca>, get_flag<&profile::system_ca>},
    option_row{"alpn", set_alpn, get_alpn},
    option_row{"resume", set_resume, get_resume},
    option_row{"keep", set_flag<&profile::keep>, get_flag<&profile::keep>},
    option_row{"hs_min", set_duration<&profile::hs_min>, get_duration<&profile::hs_min>},
    option_row{"hs_max", set_duration<&profile::hs_max>, get_duration<&profile::hs_max>},
    option_row{"hs_timeout", set_duration<&profile::hs_timeout>, get_duration<&profile::hs_timeout>},
    option_row{"auto_resume", set_duration<&profile::auto_resume>, get_duration<&profile::auto_resume>},
    option_row{"family", set_family, get_family},
    option_row{"mtu", set_mtu, get_mtu},
    option_row{"iface", set_iface, get_iface},
    option_row{"dscp", set_dscp, get_dscp},
    option_row{"reuse", set_reuse, get_reuse},
    option_row{"delivery", set_delivery, get_delivery},
    option_row{"crl", set_tags<&profile::crl_tags>, get_tags<&profile::crl_tags>},
    option_row{"rebuild_chain", set_flag<&profile::rebuild_chain>, get_flag<&profile::rebuild_chain>},
    option_row{"cid", set_cid, get_cid},
    option_row{dane_option, set_dane, get_dane},
    option_row{"legacy", set_legacy, get_legacy},
};

// Options of the contract of which only the default is done so far: setting that is right, anything else is
// refused.
struct fixed_row {
  std::string_view name;
  std::string_view only;
};

constexpr std::array fixed_rows = {fixed_row{"hangup", "close"}};

const option_row* find_row(std::string_view option) {
  const auto* found =
      std::find_if(rows.begin(), rows.end(), [&](const option_row& r) { return r.name == option; });
  return found == rows.end() ? nullptr : found;
}

const fixed_row* find_fixed(std::string_view option) {
  const auto* found = std::find_if(fixed_rows.begin(), fixed_rows.end(),
                                   [&](const fixed_row& r) { return r.name == option; });
  return found == fixed_rows.end() ? nullptr : found;
}

failure no_such_option(std::string_view option) {
  return {error::not_found, "There is no option " + at::quote(option) + "."};
}

}  // namespace

std::string_view name_of(socket_protocol protocol) {
  return protocol_words[static_cast<std::size_t>(protocol)];
}

bool is_repeatable(std::string_view option) { return option == dane_option; }

std::optional<at::failure> set_option(profile& target, std::string_view option,
                                      std::span<const at::value> given) {
  if (const auto* fixed = find_fixed(option)) {
    if (given.size() == 1 && given.front() == text(fixed->only)) return std::nullopt;
    return unsupported(option, "Another value than the default");
  }
  const auto* row = find_row(option);
  if (row == nullptr) return no_such_option(option);
  arguments in(given);
  profile changed = target;
  if (auto wrong = row->set(changed, in)) return wrong;
  target = std::move(changed);
  return std::nullopt;
}

std::optional<at::failure> set_option(profile& target, std::string_view option, std::string_view words) {
  const std::array one{text(words)};
  const auto parsed = at::parse_values(words);
  if (!parsed) return set_option(target, option, one);
  auto wrong = set_option(target, option, *parsed);
  // A word may look like a number: psk = 1, ciphers = 1301,1302.
  return wrong && set_option(target, option, one) ? wrong : std::nullopt;
}

at::result<std::vector<at::value>> read_option(const profile& source, std::string_view option) {
  if (const auto* fixed = find_fixed(option)) return values{text(fixed->only)};
  const auto* row = find_row(option);
  if (row == nullptr) return no_such_option(option);
  return row->get(source);
}

std::span<const std::string_view> option_names() {
  static const auto names = [] {
    std::vector<std::string_view> all;
    all.reserve(rows.size() + fixed_rows.size());
    for (const auto& row : rows) all.push_back(row.name);
    for (const auto& row : fixed_rows) all.push_back(row.name);
    return all;
  }();
  return names;
}

}  // namespace tlsmodem

#include "security_options.hpp"

#include "daemon/tls/internationalized_name.hpp"
#include "protocol/hex.hpp"
#include "protocol/limits.hpp"

#include <charconv>

namespace tlsmodem::security_options {

using at::arguments;
using at::error;
using at::failure;
using namespace option_values;

namespace {

constexpr std::size_t max_own_cid_bytes = 32;
constexpr std::array<std::string_view, 4> version_words = {"1.0", "1.1", "1.2", "1.3"};

}  // namespace

outcome set_version(profile& p, arguments& in) {
  const auto low = from_word<tls::tls_version>(version_words, in.text(8));
  const auto high_word = in.optional_text(8);
  if (auto wrong = in.finish()) return wrong;
  const auto high = from_word<tls::tls_version>(version_words, high_word.value_or("1.3"));
  if (!low || !high) return bad("A version is one of 1.0, 1.1, 1.2, 1.3.");
  if (high_word && *high < *low) return bad("The maximum version is below the minimum.");
  p.min_version = *low;
  p.max_version = high_word ? high : std::nullopt;
  return std::nullopt;
}
values get_version(const profile& p) {
  const auto word = [](tls::tls_version v) { return text(version_words[static_cast<std::size_t>(v)]); };
  values out{word(p.min_version)};
  if (p.max_version) out.push_back(word(*p.max_version));
  return out;
}

outcome set_ciphers(profile& p, arguments& in) {
  const auto list = in.text(at::max_line_bytes);
  if (auto wrong = in.finish()) return wrong;
  std::vector<std::uint16_t> ids;
  for (const auto& part : split(list)) {
    std::uint16_t id = 0;
    const auto* end = part.data() + part.size();
    const auto [stop, status] = std::from_chars(part.data(), end, id, 16);
    if (part.size() != 4 || status != std::errc{} || stop != end)
      return bad("A cipher suite is an IANA id of four hexadecimal digits.");
    ids.push_back(id);
  }
  p.ciphers = std::move(ids);
  return std::nullopt;
}
values get_ciphers(const profile& p) {
  std::vector<std::string> words;
  for (const auto id : p.ciphers) {
    std::string word;
    for (int shift = 12; shift >= 0; shift -= 4) word.push_back("0123456789ABCDEF"[id >> shift & 15]);
    words.push_back(std::move(word));
  }
  return {text(join(words))};
}

outcome set_verify(profile& p, arguments& in) {
  const auto mode = in.number(0, 2);
  if (auto wrong = in.finish()) return wrong;
  p.verify = static_cast<tls::verification>(mode);
  return std::nullopt;
}
values get_verify(const profile& p) { return {number(static_cast<std::int64_t>(p.verify))}; }

outcome set_sni(profile& p, arguments& in) {
  const auto given = in.text(at::max_host_bytes);
  if (auto wrong = in.finish()) return wrong;
  if (given.find('\0') != std::string::npos) return bad("A server name cannot hold a NUL.");
  auto name = tls::to_a_labels(given);
  if (!name) return name.why();
  p.sni = std::move(*name);
  return std::nullopt;
}
values get_sni(const profile& p) { return p.sni ? values{text(*p.sni)} : values{}; }

outcome set_alpn(profile& p, arguments& in) {
  const auto list = in.text(at::max_line_bytes);
  if (auto wrong = in.finish()) return wrong;
  auto names = split(list);
  for (const auto& name : names)
    if (name.empty() || name.size() > 255) return bad("An ALPN name has 1 to 255 bytes (RFC 7301 3.1).");
  p.alpn = std::move(names);
  return std::nullopt;
}
values get_alpn(const profile& p) { return {text(join(p.alpn))}; }

outcome set_dane(profile& p, arguments& in) {
  const auto given = in.rest();
  if (given.empty()) return bad("Value 1 is missing.");
  if (given.size() == 1 && given.front() == text("")) {
    p.dane.clear();
    return std::nullopt;
  }
  for (const auto& each : given) {
    arguments one({&each, 1});
    const auto words = one.text(at::max_line_bytes);
    if (auto wrong = one.finish()) return wrong;
    auto record = tls::parse_tlsa(words);
    if (!record) return record.why();
    if (p.dane.size() == tls::max_tlsa_records)
      return failure{error::memory_full, "A profile has no room for more TLSA records."};
    p.dane.push_back(std::move(*record));
  }
  return std::nullopt;
}
values get_dane(const profile& p) {
  if (p.dane.empty()) return {text("")};
  values out;
  for (const auto& record : p.dane) out.push_back(text(tls::format_tlsa(record)));
  return out;
}

outcome set_cid(profile& p, arguments& in) {
  const auto word = in.text(at::max_line_bytes);
  if (auto wrong = in.finish()) return wrong;
  if (word == "off") {
    p.cid.reset();
    return std::nullopt;
  }
  auto value = word == "auto" ? std::optional(bytes{}) : parse_hex(word);
  if (!value || word.find(' ') != std::string::npos || value->size() > max_own_cid_bytes)
    return bad("A connection ID is off, auto, or up to 32 bytes of two hexadecimal digits each.");
  p.cid = tls::cid_choice{word == "auto", std::move(*value)};
  return std::nullopt;
}
values get_cid(const profile& p) {
  if (!p.cid) return {text("off")};
  return {text(p.cid->is_random ? "auto" : lower_hex(p.cid->value))};
}

outcome set_legacy(profile& p, arguments& in) {
  const auto list = in.text(at::max_line_bytes);
  if (auto wrong = in.finish()) return wrong;
  const auto allowed = tls::parse_legacy(split(list));
  if (!allowed) return allowed.why();
  p.legacy = *allowed;
  return std::nullopt;
}
values get_legacy(const profile& p) { return {text(join(tls::names_of(p.legacy)))}; }

}  // namespace tlsmodem::security_options

// AT#TCRED=<op>,<tag>,<type>[,<length>[,<volatile>[,"<password>"]]]
//
// A made key has no payload, so its place stays empty: AT#TCRED=4,<tag>,2,,1
#pragma once

#include "../limits.hpp"
#include "../value.hpp"

namespace tlsmodem::at {

enum class credential_operation : std::uint8_t { write, list, read, remove, make };
enum class credential_type : std::uint8_t {
  trusted,
  own_chain,
  private_key,
  psk,
  psk_identity,
  revocation_lists,
  key_uri  // PKCS #11 URI of a private key
};
inline constexpr std::int64_t max_tag = 0x7fffffff;
inline constexpr int credential_type_count = 7;
inline constexpr std::size_t max_password_bytes = 1024;

struct credential_request {
  credential_operation operation = credential_operation::list;
  std::optional<std::int64_t> tag;      // always there but for a list
  std::optional<credential_type> type;  // always there but for a list
  std::size_t length = 0;               // of the payload of a write
  bool is_volatile = false;
  std::optional<std::string> password;  // of an encrypted key
};

inline result<credential_request> parse_credential(std::span<const value> values) {
  arguments in(values);
  credential_request r;
  r.operation = static_cast<credential_operation>(in.number(0, 4));
  const auto tag = in.number_or(-1, 0, max_tag);
  const auto type = in.number_or(-1, 0, credential_type_count - 1);
  if (tag >= 0) r.tag = tag;
  if (type >= 0) r.type = static_cast<credential_type>(type);
  if (r.operation == credential_operation::write) {
    r.length = static_cast<std::size_t>(in.number(0, 0x7fffffff));
    r.is_volatile = in.number_or(0, 0, 1) == 1;
    r.password = in.optional_text(max_password_bytes);
  } else if (r.operation == credential_operation::make) {
    in.number_or(0, 0, 0);
    r.is_volatile = in.number_or(0, 0, 1) == 1;
  }
  if (auto wrong = in.finish()) return std::move(*wrong);
  if (r.operation != credential_operation::list && (!r.tag || !r.type))
    return {error::incorrect_parameters, "The tag and the type are needed."};
  if (r.operation == credential_operation::make) {
    if (r.type != credential_type::private_key && r.type != credential_type::key_uri)
      return {error::incorrect_parameters, "Only private keys can be made: types 2 and 6."};
    if (r.type == credential_type::key_uri && r.is_volatile)
      return {error::incorrect_parameters, "A key in a token is not volatile."};
  }
  return r;
}

inline std::string format(const credential_request& r) {
  std::string line = "AT#TCRED=" + std::to_string(static_cast<int>(r.operation));
  if (r.tag || r.type) line += "," + (r.tag ? std::to_string(*r.tag) : "");
  if (r.type) line += "," + std::to_string(static_cast<int>(*r.type));
  if (r.operation == credential_operation::make && r.is_volatile) line += ",,1";
  if (r.operation != credential_operation::write) return line;
  line += "," + std::to_string(r.length) + (r.is_volatile ? ",1" : ",0");
  if (r.password) line += "," + quote(*r.password);
  return line;
}

inline std::string format_listed(std::int64_t tag, credential_type type, std::string_view sha256_hex,
                                 bool is_volatile) {
  return "#TCRED: " + std::to_string(tag) + "," + std::to_string(static_cast<int>(type)) + "," +
         quote(sha256_hex) + (is_volatile ? ",1" : ",0");
}

// The line of the answer to a read, and to the making of a key; `length` raw bytes follow it.
inline std::string format_read(std::int64_t tag, std::size_t length) {
  return "#TCRED: " + std::to_string(tag) + "," + std::to_string(length);
}

}  // namespace tlsmodem::at

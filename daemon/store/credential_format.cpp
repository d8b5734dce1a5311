#include "credential_format.hpp"

#include <algorithm>
#include <charconv>

namespace tlsmodem {
namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::size_t head_bytes = 1 + std::tuple_size_v<credential_digest>;

std::optional<std::int64_t> number(std::string_view text, std::int64_t most) {
  std::int64_t value = -1;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size() || value < 0 || value > most)
    return std::nullopt;
  return value;
}

at::failure unusable(std::string text) { return {at::error::credentials_unusable, std::move(text)}; }

}  // namespace

std::string row_name(const credential_name& name) {
  return std::to_string(name.tag) + "/" + std::to_string(static_cast<int>(name.type));
}

std::optional<credential_name> parse_row_name(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto tag = number(text.substr(0, slash), at::max_tag);
  const auto type = number(text.substr(slash + 1), at::credential_type_count - 1);
  if (!tag || !type) return std::nullopt;
  const credential_name name{*tag, static_cast<at::credential_type>(*type)};
  // One way to write it: "01/3" would be a second row of the same credential.
  if (row_name(name) != text) return std::nullopt;
  return name;
}

at::result<secret> row_content(const credential& from) {
  const auto kept = content_to_keep(from);
  if (!kept) return kept.why();
  bytes content;
  content.reserve(head_bytes + kept->size());  // no copy stays behind in a smaller buffer
  content.push_back(format_version);
  content.insert(content.end(), from.sha256.begin(), from.sha256.end());
  content.insert(content.end(), kept->view().begin(), kept->view().end());
  return secret(std::move(content));
}

at::result<credential> parse_row_content(at::credential_type type, bytes_view content) {
  if (content.size() < head_bytes) return unusable("the row is too short");
  if (content.front() != format_version) return unusable("the row has an unknown version");
  auto made = parse_credential(type, content.subspan(head_bytes), nullptr);
  if (!made) return made;
  credential_digest written{};
  std::copy_n(content.begin() + 1, written.size(), written.begin());
  // A key is kept in another form than it was written in; nothing else is.
  if (type != at::credential_type::private_key && written != made->sha256)
    return unusable("the row does not hold what was written");
  made->sha256 = written;
  return made;
}

}  // namespace tlsmodem

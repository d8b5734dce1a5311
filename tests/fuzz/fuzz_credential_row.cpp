// Rows of persistent credentials: any type, any bytes, and any name.
#include "daemon/store/credential_format.hpp"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace tlsmodem;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_name(std::string_view text) {
  const auto name = parse_row_name(text);
  if (name) require(row_name(*name) == text);
}

}  // namespace

// The first byte chooses the type, the rest is the content.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bytes_view content{data + 1, size - 1};
  check_name(as_text({data, size}));
  const auto type = static_cast<at::credential_type>(data[0] % at::credential_type_count);
  const auto parsed = parse_row_content(type, content);
  require(ERR_peek_error() == 0);
  if (!parsed) {
    require(parsed.why().code == at::error::credentials_unusable && !parsed.why().text.empty());
    return 0;
  }
  // Written again, it is the same credential; all but keys are also the same bytes.
  const auto row = row_content(*parsed);
  require(static_cast<bool>(row));
  if (type != at::credential_type::private_key)
    require(std::equal(row->view().begin(), row->view().end(), content.begin(), content.end()));
  const auto again = parse_row_content(type, row->view());
  require(again && again->sha256 == parsed->sha256 && again->size == parsed->size);
  return 0;
}

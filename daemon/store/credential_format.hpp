// How a persistent credential is written as a row of the store.
//
//   name:    <tag>/<type>, both decimal
//   content: 1 byte version (1) | 32 bytes SHA-256 of what was written | what is kept, see content_to_keep()
#pragma once

#include "credential_set.hpp"

namespace tlsmodem {

std::string row_name(const credential_name& name);
// Nothing for what row_name() does not write.
std::optional<credential_name> parse_row_name(std::string_view text);

at::result<secret> row_content(const credential& from);
// Errors: 810. The rows come from a file, and are looked at as closely as what a client writes.
at::result<credential> parse_row_content(at::credential_type type, bytes_view content);

}  // namespace tlsmodem

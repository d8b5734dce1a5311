#include "internationalized_name.hpp"

#include <idn2.h>

#include <algorithm>
#include <cstdint>
#include <memory>

namespace tlsmodem::tls {
namespace {

struct idn2_deleter {
  void operator()(std::uint8_t* text) const { idn2_free(text); }
};

at::failure no_name(const char* why) {
  return {at::error::incorrect_parameters, std::string("The name cannot be one: ") + why + "."};
}

}  // namespace

at::result<std::string> to_a_labels(std::string_view name) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(name.begin(), name.end(), is_ascii)) return std::string(name);
  if (name.find('\0') != std::string_view::npos) return no_name("it holds a NUL");
  std::uint8_t* made = nullptr;
  const std::string ended(name);
  const int status = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(ended.c_str()), &made,
                                    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<std::uint8_t, idn2_deleter> owned(made);
  if (status != IDN2_OK) return no_name(idn2_strerror(status));
  std::string labels(reinterpret_cast<const char*>(made));
  // UTS 46 leaves out what is not seen; an empty name, or one that begins with a dot, means something else.
  if (labels.empty() || labels.front() == '.') return no_name("it has an empty label");
  return labels;
}

}  // namespace tlsmodem::tls

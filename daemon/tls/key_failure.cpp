#include "key_failure.hpp"

#include <openssl/err.h>

namespace tlsmodem::tls {
namespace {

constexpr int did_not_sign = 1;

int library() {
  static const int number = ERR_get_next_error_library();
  return number;
}

}  // namespace

void raise_key_failure(const std::string& sentence) {
  ERR_raise_data(library(), did_not_sign, "%s", sentence.c_str());
}

// What comes first is the cause, but libssl may have something older in its queue: the last one is looked at
// too. Nothing of OpenSSL can look at those between without taking them.
std::optional<std::string> raised_key_failure() {
  for (const auto peek : {ERR_peek_error_all, ERR_peek_last_error_all}) {
    const char* data = nullptr;
    int flags = 0;
    const unsigned long code = peek(nullptr, nullptr, nullptr, &data, &flags);
    if (code != 0 && ERR_GET_LIB(code) == library() && data != nullptr && (flags & ERR_TXT_STRING) != 0)
      return data;
  }
  return std::nullopt;
}

}  // namespace tlsmodem::tls

// The deleter of unique_ptr for objects of OpenSSL, by their function to free them.
#pragma once

namespace tlsmodem {

template <auto Free>
struct openssl_deleter {
  template <typename Object>
  void operator()(Object* object) const {
    Free(object);
  }
};

}  // namespace tlsmodem

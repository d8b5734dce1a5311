// Memory that a secret may pass through: wiped before it is given back, also when a buffer grows.
#pragma once

#include "bytes.hpp"

#include <string.h>

#include <cstddef>
#include <memory>
#include <string>

namespace tlsmodem {

inline void wipe(void* memory, std::size_t size) {
  if (size > 0) explicit_bzero(memory, size);  // an empty vector has no memory to point at
}
inline void wipe(bytes& data) {
  wipe(data.data(), data.size());
  data.clear();
}
inline void wipe(std::string& text) {
  wipe(text.data(), text.size());
  text.clear();
}

template <typename T>
struct wiping_allocator {
  using value_type = T;
  wiping_allocator() = default;
  template <typename Other>
  wiping_allocator(const wiping_allocator<Other>&) {}  // NOLINT: allocators convert implicitly

  T* allocate(std::size_t n) { return std::allocator<T>{}.allocate(n); }
  void deallocate(T* memory, std::size_t n) {
    wipe(memory, n * sizeof(T));
    std::allocator<T>{}.deallocate(memory, n);
  }
  bool operator==(const wiping_allocator&) const { return true; }
};

using wiped_string = std::basic_string<char, std::char_traits<char>, wiping_allocator<char>>;

}  // namespace tlsmodem

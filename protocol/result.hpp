// A value or a failure. C++20 has no std::expected; this is the part of it that the tree uses.
#pragma once

#include "error.hpp"

#include <utility>
#include <variant>

namespace tlsmodem::at {

template <typename Value>
class [[nodiscard]] result {
 public:
  result(Value value) : content_(std::in_place_index<0>, std::move(value)) {}
  result(failure why) : content_(std::in_place_index<1>, std::move(why)) {}
  result(error code, std::string text) : result(failure{code, std::move(text)}) {}

  explicit operator bool() const { return content_.index() == 0; }
  // Preconditions: value() only when true, why() only when false.
  Value& value() & { return *std::get_if<0>(&content_); }
  const Value& value() const& { return *std::get_if<0>(&content_); }
  Value&& value() && { return std::move(*std::get_if<0>(&content_)); }
  Value* operator->() { return std::get_if<0>(&content_); }
  const Value* operator->() const { return std::get_if<0>(&content_); }
  Value& operator*() & { return value(); }
  const Value& operator*() const& { return value(); }
  Value&& operator*() && { return std::move(*this).value(); }
  const failure& why() const { return *std::get_if<1>(&content_); }

 private:
  std::variant<Value, failure> content_;
};

}  // namespace tlsmodem::at

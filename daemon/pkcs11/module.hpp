// A PKCS #11 module, and sessions with the tokens that it shows. Calls block, for as long as the module
// likes.
//
// Whatever uses a module holds it: it is finished and unloaded behind the last session.
#pragma once

#include "protocol/bytes.hpp"
#include "protocol/result.hpp"

#include <concepts>
#include <memory>
#include <optional>
#include <p11-kit/pkcs11.h>
#include <span>
#include <string>
#include <vector>

namespace tlsmodem::pkcs11 {

// "CKR_PIN_LOCKED" in words.
std::string reason_of(CK_RV code);

class module {
 public:
  // Errors: 810.
  static at::result<std::shared_ptr<const module>> load(const std::string& path);
  ~module();
  module(const module&) = delete;
  module& operator=(const module&) = delete;

  const CK_FUNCTION_LIST* operator->() const { return functions_; }

 private:
  explicit module(CK_FUNCTION_LIST* functions) : functions_(functions) {}

  CK_FUNCTION_LIST* functions_;
};

// What C_GetTokenInfo tells, without its padding.
struct token_info {
  CK_SLOT_ID slot = 0;
  std::string label;
  std::string serial;
  std::string manufacturer;
  std::string model;
  CK_FLAGS flags = 0;
};

// The initialized tokens that are there now.
at::result<std::vector<token_info>> tokens_of(const module& in);

enum class access : std::uint8_t { read_only, read_write };

class session {
 public:
  static at::result<std::shared_ptr<const session>> open(std::shared_ptr<const module> in, CK_SLOT_ID slot,
                                                         access mode);
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  const module& in() const { return *module_; }
  CK_SESSION_HANDLE handle() const { return handle_; }
  // A session ends when its token is taken out.
  bool is_alive() const { return state().has_value(); }
  // A login counts for all sessions of the process with the token.
  bool is_logged_in() const;

  // At most two handles: who looks for one object needs to know no more.
  at::result<std::vector<CK_OBJECT_HANDLE>> find(std::span<CK_ATTRIBUTE> pattern) const;
  // Empty when the object does not have it, or does not show it.
  bytes attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;

 private:
  session(std::shared_ptr<const module> in, CK_SESSION_HANDLE handle)
      : module_(std::move(in)), handle_(handle) {}
  std::optional<CK_STATE> state() const;

  std::shared_ptr<const module> module_;
  CK_SESSION_HANDLE handle_;
};

// For templates. What it points at must outlive it; PKCS #11 does not write to it.
template <std::unsigned_integral Value>
CK_ATTRIBUTE attribute_of(CK_ATTRIBUTE_TYPE type, const Value& value) {
  return {type, const_cast<Value*>(&value), sizeof value};
}
inline CK_ATTRIBUTE attribute_of(CK_ATTRIBUTE_TYPE type, bytes_view value) {
  return {type, const_cast<std::uint8_t*>(value.data()), value.size()};
}

}  // namespace tlsmodem::pkcs11

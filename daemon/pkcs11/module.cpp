#include "module.hpp"

#include "daemon/support/log.hpp"

#include <array>
#include <p11-kit/p11-kit.h>

namespace tlsmodem::pkcs11 {
namespace {

// More than any token has; what claims more is broken.
constexpr CK_ULONG max_slots = 1024;
constexpr CK_ULONG max_attribute_bytes = 65'536;

at::failure failed(std::string what, CK_RV code) {
  return {at::error::credentials_unusable, std::move(what) + ": " + reason_of(code) + "."};
}

template <std::size_t Size>
std::string text_of(const unsigned char (&padded)[Size]) {
  return std::string(as_text({padded, p11_kit_space_strlen(padded, Size)}));
}

}  // namespace

std::string reason_of(CK_RV code) { return p11_kit_strerror(code); }

at::result<std::shared_ptr<const module>> module::load(const std::string& path) {
  // Unmanaged: managed modules are called through code that libffi may write at run time, which the sandbox
  // of the service forbids.
  CK_FUNCTION_LIST* const functions = p11_kit_module_load(path.c_str(), P11_KIT_MODULE_UNMANAGED);
  if (functions == nullptr) {
    const char* const why = p11_kit_message();
    return {at::error::credentials_unusable, "The PKCS #11 module cannot be loaded: " +
                                                 std::string(why != nullptr ? why : "unknown reason") + "."};
  }
  if (const CK_RV code = p11_kit_module_initialize(functions); code != CKR_OK) {
    p11_kit_module_release(functions);
    return failed("The PKCS #11 module does not start", code);
  }
  CK_INFO info{};
  if (functions->C_GetInfo(&info) == CKR_OK)
    log(level::notice, "PKCS #11 module loaded",
        {{"module", path},
         {"library", text_of(info.libraryDescription)},
         {"major", info.libraryVersion.major},
         {"minor", info.libraryVersion.minor}});
  return std::shared_ptr<const module>(new module(functions));
}

module::~module() {
  p11_kit_module_finalize(functions_);
  p11_kit_module_release(functions_);
}

at::result<std::vector<token_info>> tokens_of(const module& in) {
  CK_ULONG count = 0;
  // Asking for the number first is also what makes a module look again at which tokens there are.
  CK_RV code = in->C_GetSlotList(CK_TRUE, nullptr, &count);
  std::vector<CK_SLOT_ID> slots(std::min(count, max_slots));
  count = slots.size();
  if (code == CKR_OK) code = in->C_GetSlotList(CK_TRUE, slots.data(), &count);
  if (code != CKR_OK) return failed("The PKCS #11 module does not tell its tokens", code);
  slots.resize(std::min<std::size_t>(count, slots.size()));
  std::vector<token_info> found;
  for (const auto slot : slots) {
    CK_TOKEN_INFO info{};
    if (in->C_GetTokenInfo(slot, &info) != CKR_OK || (info.flags & CKF_TOKEN_INITIALIZED) == 0) continue;
    found.push_back({slot, text_of(info.label), text_of(info.serialNumber), text_of(info.manufacturerID),
                     text_of(info.model), info.flags});
  }
  return found;
}

at::result<std::shared_ptr<const session>> session::open(std::shared_ptr<const module> in, CK_SLOT_ID slot,
                                                         access mode) {
  const CK_FLAGS flags = CKF_SERIAL_SESSION | (mode == access::read_write ? CKF_RW_SESSION : 0UL);
  CK_SESSION_HANDLE handle = 0;
  const CK_RV code = (*in)->C_OpenSession(slot, flags, nullptr, nullptr, &handle);
  if (code != CKR_OK) return failed("The token opens no session", code);
  return std::shared_ptr<const session>(new session(std::move(in), handle));
}

session::~session() { (*module_)->C_CloseSession(handle_); }

std::optional<CK_STATE> session::state() const {
  CK_SESSION_INFO info{};
  if ((*module_)->C_GetSessionInfo(handle_, &info) != CKR_OK) return std::nullopt;
  return info.state;
}

bool session::is_logged_in() const {
  const auto now = state();
  return now == CKS_RO_USER_FUNCTIONS || now == CKS_RW_USER_FUNCTIONS;
}

at::result<std::vector<CK_OBJECT_HANDLE>> session::find(std::span<CK_ATTRIBUTE> pattern) const {
  const auto& call = *module_;
  CK_RV code = call->C_FindObjectsInit(handle_, pattern.data(), pattern.size());
  if (code != CKR_OK) return failed("The token does not look for the key", code);
  std::vector<CK_OBJECT_HANDLE> found(2);
  CK_ULONG count = 0;
  code = call->C_FindObjects(handle_, found.data(), found.size(), &count);
  call->C_FindObjectsFinal(handle_);
  if (code != CKR_OK) return failed("The token does not look for the key", code);
  found.resize(std::min<std::size_t>(count, found.size()));
  return found;
}

bytes session::attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
  CK_ATTRIBUTE asked{type, nullptr, 0};
  const auto& call = *module_;
  if (call->C_GetAttributeValue(handle_, object, &asked, 1) != CKR_OK ||
      asked.ulValueLen == CK_UNAVAILABLE_INFORMATION || asked.ulValueLen > max_attribute_bytes)
    return {};
  bytes value(asked.ulValueLen);
  asked.pValue = value.data();
  if (call->C_GetAttributeValue(handle_, object, &asked, 1) != CKR_OK ||
      asked.ulValueLen == CK_UNAVAILABLE_INFORMATION || asked.ulValueLen > value.size())
    return {};
  value.resize(asked.ulValueLen);
  return value;
}

}  // namespace tlsmodem::pkcs11

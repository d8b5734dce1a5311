// A PKCS #11 module: SoftHSM, whose token is out as long as the file exists that TLSMODEM_TEST_TOKEN_IS_OUT
// names. What a module does then: sessions end, and the token is not listed.
#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <p11-kit/pkcs11.h>

namespace {

CK_FUNCTION_LIST* soft_hsm = nullptr;
CK_FUNCTION_LIST shown;

void end_all_sessions() {
  CK_SLOT_ID slots[16];
  CK_ULONG count = 16;
  if (soft_hsm->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK) return;
  for (CK_ULONG i = 0; i < count; ++i) soft_hsm->C_CloseAllSessions(slots[i]);
}

bool is_out() {
  const char* const path = std::getenv("TLSMODEM_TEST_TOKEN_IS_OUT");
  if (path == nullptr || ::access(path, F_OK) != 0) return false;
  end_all_sessions();
  return true;
}

CK_RV list_slots(CK_BBOOL with_token, CK_SLOT_ID* slots, CK_ULONG* count) {
  if (with_token == CK_FALSE || !is_out()) return soft_hsm->C_GetSlotList(with_token, slots, count);
  *count = 0;
  return CKR_OK;
}

CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void* data, CK_NOTIFY notify, CK_SESSION_HANDLE* made) {
  return is_out() ? CKR_TOKEN_NOT_PRESENT : soft_hsm->C_OpenSession(slot, flags, data, notify, made);
}

CK_RV session_info(CK_SESSION_HANDLE session, CK_SESSION_INFO* info) {
  return is_out() ? CKR_DEVICE_REMOVED : soft_hsm->C_GetSessionInfo(session, info);
}

CK_RV begin_signature(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
  return is_out() ? CKR_DEVICE_REMOVED : soft_hsm->C_SignInit(session, mechanism, key);
}

}  // namespace

extern "C" __attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
  if (soft_hsm == nullptr) {
    void* const library = ::dlopen("/usr/lib/softhsm/libsofthsm2.so", RTLD_NOW);
    if (library == nullptr) return CKR_GENERAL_ERROR;
    const auto all = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
    if (all == nullptr || all(&soft_hsm) != CKR_OK) return CKR_GENERAL_ERROR;
    shown = *soft_hsm;
    shown.C_GetSlotList = list_slots;
    shown.C_OpenSession = open_session;
    shown.C_GetSessionInfo = session_info;
    shown.C_SignInit = begin_signature;
  }
  *list = &shown;
  return CKR_OK;
}

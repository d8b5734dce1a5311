// The border to C: no exception crosses it.
#pragma once

#include "errors.hpp"

#include <new>

namespace tlsmodem::avs {

template <typename Call>
avs_error_t guarded(Call&& call) noexcept {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return error_of(AVS_ENOMEM);
  } catch (...) {
    return error_of(AVS_EIO);
  }
}

}  // namespace tlsmodem::avs

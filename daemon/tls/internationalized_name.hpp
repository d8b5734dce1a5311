// Names with letters beyond ASCII, RFC 5890: what goes over the network, into SNI and into the verification
// is their form of A-labels ("xn--...").
#pragma once

#include "protocol/result.hpp"

#include <string>
#include <string_view>

namespace tlsmodem::tls {

// UTF-8 by the rules of UTS 46, not transitional. A name of ASCII stays as it is: whether it is one is not
// asked here. Error: 50.
at::result<std::string> to_a_labels(std::string_view name);

}  // namespace tlsmodem::tls

// What a record adds to its content, and how much of it fits a datagram.
#pragma once

#include <cstddef>

namespace tlsmodem::dtls12 {

struct record_cost {
  std::size_t fixed_bytes = 0;  // header with CID, nonce or IV, tag or (encrypt-then-MAC) MAC
  std::size_t inner_bytes = 0;  // encrypted beside the content: real type, MAC, the padding's length
  std::size_t block_bytes = 1;  // CBC fills whole blocks

  std::size_t worst_case_bytes() const { return fixed_bytes + inner_bytes + block_bytes - 1; }
  // 0 also when not even an empty record fits.
  std::size_t largest_content(std::size_t datagram_bytes) const {
    if (datagram_bytes <= fixed_bytes) return 0;
    const std::size_t room = (datagram_bytes - fixed_bytes) / block_bytes * block_bytes;
    return room > inner_bytes ? room - inner_bytes : 0;
  }
};

}  // namespace tlsmodem::dtls12

#include "unreadable_rows.hpp"

#include "daemon/support/log.hpp"

namespace tlsmodem::store {

std::size_t unreadable_rows::count() const {
  std::size_t sum = 0;
  for (const auto& [what, rows] : counts_) sum += rows;
  return sum;
}

void unreadable_rows::log() const {
  constexpr auto message = "stored rows cannot be read and are not used";
  std::size_t left = count();
  std::size_t lines = 0;
  for (const auto& [what, rows] : counts_) {
    if (lines++ == max_lines)
      return tlsmodem::log(level::warning, message,
                           {{"table", name_of(in_)}, {"rows", left}, {"reason", "too many to name each"}});
    tlsmodem::log(level::warning, message,
                  {{"table", name_of(in_)}, {"uid", what.first}, {"rows", rows}, {"reason", what.second}});
    left -= rows;
  }
}

}  // namespace tlsmodem::store

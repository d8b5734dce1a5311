#include "protocol/error.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace tlsmodem::at {
namespace {

// No default: the compiler asks for a line here, and with it in the table, when an enumerator is added.
constexpr bool is_known(error code) {
  switch (code) {
    case error::not_allowed:
    case error::not_supported:
    case error::memory_full:
    case error::invalid_index:
    case error::not_found:
    case error::memory_failure:
    case error::string_too_long:
    case error::invalid_characters:
    case error::no_network:
    case error::network_timeout:
    case error::incorrect_parameters:
    case error::unknown:
    case error::name_not_resolved:
    case error::unreachable:
    case error::connection_refused:
    case error::connection_reset:
    case error::handshake_timeout:
    case error::alert_received:
    case error::certificate_refused:
    case error::name_mismatch:
    case error::no_common_parameters:
    case error::credentials_missing:
    case error::credentials_unusable:
    case error::not_connected:
    case error::busy:
    case error::message_too_long:
    case error::would_overflow:
    case error::limit_reached:
    case error::permission_denied:
    case error::aborted:
    case error::store_unavailable:
    case error::integrity_failure:
    case error::internal:
    case error::address_in_use:
      return true;
  }
  return false;
}

TEST(error_table, has_every_enumerator_once_in_ascending_order) {
  std::size_t known = 0;
  for (int number = 0; number < 1000; ++number) {
    const auto code = static_cast<error>(number);
    const bool is_listed = std::count(all_errors().begin(), all_errors().end(), code) == 1;
    EXPECT_EQ(is_listed, is_known(code)) << number;
    known += is_known(code) ? 1U : 0U;
  }
  EXPECT_EQ(all_errors().size(), known);
  EXPECT_TRUE(std::is_sorted(all_errors().begin(), all_errors().end()));
}

TEST(error_table, every_text_is_there_unique_and_one_line) {
  std::set<std::string_view> texts;
  for (const error code : all_errors()) {
    const auto text = describe(code);
    EXPECT_FALSE(text.empty());
    EXPECT_TRUE(texts.insert(text).second) << text;
    EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; })) << text;
    if (code != error::unknown) {
      EXPECT_NE(text, describe(error::unknown));
    }
  }
}

TEST(error_table, numbers_that_are_none_are_unknown) {
  for (const int number : {-1, 0, 1, 53, 799, 822, 100000}) {
    EXPECT_EQ(describe(static_cast<error>(number)), "unknown");
  }
}

TEST(error_table, our_own_numbers_have_no_gap) {
  for (int number = 800; number <= 821; ++number) EXPECT_TRUE(is_known(static_cast<error>(number))) << number;
}

}  // namespace
}  // namespace tlsmodem::at

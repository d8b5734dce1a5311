// What the log says of rows that cannot be read.
#include "daemon/store/unreadable_rows.hpp"

#include "tests/support/captured_log.hpp"

#include <gtest/gtest.h>

namespace tlsmodem::test {
namespace {

TEST(unreadable_rows, are_a_line_for_each_user_and_reason) {
  const captured_log log;
  store::unreadable_rows rows(store::table::associations);
  rows.log();
  EXPECT_EQ(log.text(), "");
  rows.add(1000, "too old");
  rows.add(1000, "too new");
  rows.add(1000, "too old");
  rows.add(4294967295, "too old");
  EXPECT_EQ(rows.count(), 4U);
  rows.log();
  EXPECT_EQ(log.count("\n"), 3);
  EXPECT_EQ(log.count("table=association uid=1000 rows=1 reason=\"too new\""), 1) << log.text();
  EXPECT_EQ(log.count("table=association uid=1000 rows=2 reason=\"too old\""), 1);
  EXPECT_EQ(log.count("table=association uid=4294967295 rows=1 reason=\"too old\""), 1);
}

TEST(unreadable_rows, of_any_number_of_users_are_few_lines) {
  const captured_log log;
  store::unreadable_rows rows(store::table::sessions);
  for (int user = 0; user < 1000; ++user) rows.add(user, "damaged");
  rows.log();
  EXPECT_EQ(log.count("\n"), 17);
  EXPECT_EQ(log.count("rows=984 "), 1) << log.text();
}

}  // namespace
}  // namespace tlsmodem::test

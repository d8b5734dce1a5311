#include "daemon/settings/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tlsmodem {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

settings parsed(std::string_view text) { return *parse_text(text, "x.conf", nullptr); }

TEST(reload, tells_what_changed_and_what_needs_a_restart) {
  const settings running = parsed("[profile gone]\nx = 1\n[profile same]\nx = 1\n[profile other]\nx = 1\n");
  const settings loaded = parsed(
      "listen = /new\nresolver-threads = 9\nmax-sockets = 2\nstop-timeout = 1\n"
      "[profile same]\nx = 1\n[profile other]\nx = 2\n[profile new]\n");
  const setting_changes changes = compare(running, loaded);
  EXPECT_THAT(changes.needs_restart, ElementsAre("listen", "resolver-threads"));
  EXPECT_THAT(changes.reloadable,
              ElementsAre("max-sockets", "stop-timeout", "profile other", "profile new", "profile gone"));
  EXPECT_FALSE(changes.none());
}

TEST(reload, takes_over_only_what_can_change) {
  settings running = parsed("listen = /old\nsocket-group = old\n");
  const settings loaded = parsed(
      "listen = /new\nsocket-group = new\nlog-level = error\nmax-channels = 1\nmax-channels-per-user = 2\n"
      "max-sockets = 3\nmax-sockets-per-channel = 4\nstop-timeout = 5\n[profile p]\nx = 1\n");
  apply_reloadable(running, loaded);
  const setting_changes left = compare(running, loaded);
  EXPECT_THAT(left.reloadable, IsEmpty());
  EXPECT_THAT(left.needs_restart, ElementsAre("listen", "socket-group"));
  EXPECT_EQ(running.listen, "/old");
  EXPECT_EQ(running.max_sockets_per_channel, 4U);
  EXPECT_NE(running.profile("p"), nullptr);
}

TEST(reload, tells_which_credentials_changed) {
  settings running = parsed("[credential 1]\npsk = a\n[credential 2]\npsk = a\n[credential 3]\n");
  const settings loaded = parsed("[credential 2]\npsk = b\n\n[credential 1]\npsk = a\n[credential 4]\n");
  EXPECT_THAT(compare(running, loaded).reloadable,
              ElementsAre("credential 2", "credential 4", "credential 3"));
  apply_reloadable(running, loaded);
  EXPECT_TRUE(compare(running, loaded).none());
}

TEST(reload, a_profile_that_only_moved_has_not_changed) {
  EXPECT_TRUE(compare(parsed("[profile p]\nx = 1\n"), parsed("\n\n[profile p]\n\nx = 1\n")).none());
}

}  // namespace
}  // namespace tlsmodem

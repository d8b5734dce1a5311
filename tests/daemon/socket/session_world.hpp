// Sockets that resume: socket machines over one store of sessions, with a clock that the test moves.
#pragma once

#include "machine_fixture.hpp"

namespace tlsmodem::test {

using std::chrono::seconds;

inline constexpr session_store::user_id alice = 1000;

inline tls::resumable_session session(const std::string& state, bool is_single_use = false) {
  tls::resumable_session made;
  made.state = secret(as_bytes(state));
  made.version = "FAKE";
  made.suite = "FAKE_SUITE";
  made.is_ticket = is_single_use;
  made.is_single_use = is_single_use;
  if (is_single_use) made.lifetime_hint_s = 7200;
  made.has_extended_master_secret = true;
  return made;
}

// A bench whose socket resumes, over a store and a clock that others may share.
class resuming : public testing::Test {
 protected:
  std::unique_ptr<bench> open(resume_mode mode, session_store::user_id user = alice,
                              tls::fingerprint context = {1}) {
    return open(profile_of(socket_protocol::dtls), mode, user, context);
  }
  std::unique_ptr<bench> open(const profile& options, resume_mode mode, session_store::user_id user = alice,
                              tls::fingerprint context = {1}) {
    return std::make_unique<bench>(
        options, std::make_unique<socket_sessions>(
                     store, nullptr, socket_sessions::configuration{user, context, mode, true}));
  }
  // Starts a connect and returns what is offered.
  static std::string begin(bench& b, const std::string& host = "host") {
    b.connect(host);
    b.resolve();
    b.reach();
    return b.engine->offered;
  }
  static std::string handle_in(const words& actions) {
    for (const auto& line : actions)
      if (const auto key = at::parse_key(line)) return key->handle;
    return {};
  }
  // A value of AT#TINFO.
  static std::string info(const bench& b, const std::string& key) {
    for (const auto& [name, value] : b.machine->info())
      if (name == key) return value;
    return "(nothing)";
  }
  // Comes up and leaves one session behind. Returns the handle.
  static std::string finish(bench& b, const std::string& state, char how = 'U', bool is_single_use = false) {
    b.engine->left.push_back(session(state, is_single_use));
    b.network(std::string(1, how));
    return handle_in(b.actions());
  }
  static std::string full(bench& b, const std::string& state) {
    EXPECT_EQ(begin(b), "");
    return finish(b, state);
  }

  seconds now{1'700'000'000};
  session_store store{{}, [this] { return std::chrono::sys_seconds(now); }};
};

}  // namespace tlsmodem::test

// Whatever happens in whatever order: the machine keeps its promises. Seeded, so that a failure comes again.
#include "machine_fixture.hpp"

#include <random>

namespace tlsmodem::test {
namespace {

class monkey {
 public:
  monkey(unsigned seed, socket_protocol protocol, delivery_mode delivery)
      : random_(seed), bench_(profile_of(protocol, delivery)) {}

  void step() {
    act();
    look();
  }

 private:
  int any(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
  bool is_in(const std::initializer_list<const char*> states) const {
    for (const auto* state : states)
      if (bench_.state() == state) return true;
    return false;
  }

  // Commands come only where they are legal, as the caller sees to it; the network does as it likes.
  void act() {
    auto& m = *bench_.machine;
    const auto now = bench_.now;
    switch (any(16)) {
      case 0:
        if (!is_in({"open", "closed"})) return;
        bench_.connect();
        is_end_due_ = true;
        return;
      case 1:
        if (is_in({"connecting"})) m.abort("", now);
        return;
      case 2:
        if (is_in({"open", "closed"})) m.reopen();
        return;
      case 3:
        if (is_in({"connected"})) m.send(as_bytes("x"), any(4) == 0, now);
        return;
      case 4:
        if (is_in({"connected"})) m.shut(any(2) == 0 ? farewell::spoken : farewell::silent, now);
        return;
      case 5:
        if (any(8) == 0) m.stop(now);
        return;
      case 6: {
        std::vector<std::string> addresses(static_cast<std::size_t>(any(4)), "192.0.2.1");
        m.on_resolved(std::move(addresses), now);
        return;
      }
      case 7:
        m.on_resolved({at::error::name_not_resolved, ""}, now);
        return;
      case 8:
        bench_.reach();
        return;
      case 9:
        m.on_connect_failed({at::error::unreachable, ""}, now);
        return;
      case 10:
      case 11:
        bench_.network(std::string(1, "UUCADxyz"[any(8)]));
        return;
      case 12:
        if (any(4) == 0) m.on_end(now);
        return;
      case 13:
        m.on_error({at::error::connection_reset, ""}, now);
        return;
      case 14:
        bench_.now += std::chrono::seconds(any(30));
        m.on_deadline(bench_.now);
        return;
      default:
        if (m.received().empty()) return;
        EXPECT_FALSE(is_down_) << "data behind #TDOWN";
        bench_.take(static_cast<std::size_t>(1 + any(3)));
    }
  }

  void look() {
    for (const auto& action : bench_.actions()) {
      if (action.starts_with("resolve")) {
        is_up_ = is_down_ = false;
      } else if (action.starts_with("#TUP")) {
        EXPECT_TRUE(is_end_due_ && !is_up_) << "up twice, or out of nothing";
        is_up_ = true;
      } else if (action.starts_with("#TFAIL")) {
        EXPECT_TRUE(is_end_due_ && !is_up_) << "a second end of one connect";
        EXPECT_NE(action.find(" port 5684: "), std::string::npos) << action;
        is_end_due_ = false;
      } else if (action.starts_with("#TDOWN")) {
        EXPECT_TRUE(is_end_due_ && is_up_) << "a second end of one connection";
        EXPECT_TRUE(bench_.machine->received().empty());
        is_end_due_ = false;
        is_down_ = true;
      } else if (action.starts_with("#TRDY") || action.starts_with("#TERR")) {
        EXPECT_TRUE(is_up_ && !is_down_) << action;
      }
    }
    const auto state = bench_.state();
    EXPECT_TRUE(is_in({"open", "connecting", "connected", "closing", "closed"})) << state;
    if (state == "open" || state == "closed") {
      EXPECT_FALSE(is_end_due_) << "a connect without an end";
      EXPECT_EQ(bench_.machine->deadline(), std::nullopt);
    }
    EXPECT_TRUE(is_up_ || state != "connected");
    EXPECT_FALSE(bench_.machine->info().empty());
  }

  std::mt19937 random_;
  bench bench_;
  bool is_end_due_ = false;  // a connect was made, and neither #TFAIL nor #TDOWN has come
  bool is_up_ = false;
  bool is_down_ = false;
};

TEST(socket_machine_property, promises_are_kept_whatever_happens) {
  for (unsigned seed = 0; seed < 400 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto protocol = static_cast<socket_protocol>(seed % 4);
    monkey one(seed, protocol, seed / 4 % 2 == 0 ? delivery_mode::push : delivery_mode::pull);
    for (int i = 0; i < 500; ++i) one.step();
  }
}

}  // namespace
}  // namespace tlsmodem::test

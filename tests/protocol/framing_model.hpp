// The reference for the framing of a channel: it knows what each command line must answer and which events
// were given to the channel, and proves that an output stream is made of whole responses and whole events.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tlsmodem::at::test {

class framing_model {
 public:
  // One command line: what comes out for it, without a gap: its echo, a prompt where `prompt_mark` stands,
  // its response.
  void expect_response(std::string unit) { units_.push_back(std::move(unit)); }
  void expect_event(std::string frame) { events_.push_back(std::move(frame)); }

  // The failure, if `output` (all of the channel's) is no interleaving of the two at the seams.
  std::optional<std::string> check(std::string_view output) const;

 private:
  std::vector<std::string> units_;
  std::vector<std::string> events_;
};

}  // namespace tlsmodem::at::test

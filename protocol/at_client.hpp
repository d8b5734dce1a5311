// The client's end of a channel: takes what the modem wrote apart into items, in order. It holds no socket;
// feed() bytes, then call next() until it has nothing.
//
// The channel is expected in ATV1 and ATE0. Whether a line is an event or belongs to the command in hand is
// decided here and nowhere else, by its first word: events have names that no command has.
#pragma once

#include "bytes.hpp"
#include "error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tlsmodem::at {

struct item {
  enum class kind : std::uint8_t {
    information,  // a line that belongs to the command in hand
    ok,
    failed,  // ERROR or +CME ERROR; `code` says which
    event,
    prompt,     // the modem waits for the payload
    malformed,  // a frame without a length or a proper end, or an endless line: the channel is out of step
  };
  kind is = kind::information;
  std::string line;
  bytes payload;  // of #TRX, #TTX, #TRECV and #TCRED frames
  bool has_payload = false;
  error code = error::unknown;
};

class at_client {
 public:
  void feed(std::string_view input);
  std::optional<item> next();

 private:
  std::optional<item> next_line();
  std::optional<item> classify(std::string line);
  std::optional<item> next_payload();

  std::string input_;
  std::size_t position_ = 0;
  std::optional<item> frame_;  // its payload is being collected
  std::size_t frame_length_ = 0;
  bool swallowing_ = false;  // the line was endless: drop it up to its end
};

}  // namespace tlsmodem::at

// Cuts the bytes of a channel into command lines and counted payloads. It knows terminators, line editing,
// echo and limits, and no command.
//
// Theory of operation: feed() bytes, then ask next_line() or, when the last line announced a payload,
// next_payload(), until they have nothing. Bytes are consumed strictly in order, and only when asked for, so
// whatever follows a line waits until its command has said whether a payload belongs to it.
//
// CR ends a line always. Whether LF does too, or belongs to the CR before it, is learned from the first line
// that is not empty: a driver that ends its lines with a bare CR may send a payload that begins with LF, a
// driver that sends CRLF must not have its LF counted as payload.
#pragma once

#include "bytes.hpp"
#include "wiped.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tlsmodem::at {

class framer {
 public:
  struct line {
    enum class kind : std::uint8_t { text, repeat, overlong };
    kind is = kind::text;
    std::string text;  // control characters removed, backspaces applied; empty unless `is` is text
  };
  enum class terminator : std::uint8_t { unknown, cr, lf, crlf };

  framer() = default;
  ~framer() { wipe(payload_); }
  framer(const framer&) = delete;
  framer& operator=(const framer&) = delete;

  void feed(std::string_view input);

  // The next complete line. Appends to `echo`, unless it is null, the bytes consumed (V.250 5.2.3), but
  // neither what is swallowed of an over-long line nor the LF of a CRLF, which comes too late to be told from
  // a payload.
  std::optional<line> next_line(std::string* echo);

  // Starts a payload of `length` bytes; of one that is too long only the count is kept.
  void expect_payload(std::size_t length, std::size_t keep_at_most);
  bool is_payload_expected() const { return payload_left_ > 0 || payload_open_; }
  // True when at least one byte of the expected payload has arrived: then its sender waits for no prompt.
  bool has_payload_begun();
  // The whole payload, once it is there. What was over `keep_at_most` is cut off.
  std::optional<bytes> next_payload();

  std::size_t buffered_bytes() const { return input_.size() - position_; }
  bool is_line_begun() const { return !line_.empty() || swallowing_; }
  terminator learned() const { return terminator_; }
  // S5 of V.250; S3 replaces CR as the terminator.
  void set_backspace(char c) { backspace_ = c; }
  void set_carriage_return(char c) { carriage_return_ = c; }

 private:
  enum class step : std::uint8_t { more, complete };
  step take(char c);
  bool is_terminator(char c);
  void drop_line_feed_of_crlf();
  line finish_line();
  void compact();

  wiped_string input_;        // payloads may be keys
  std::size_t position_ = 0;  // input_[0, position_) is consumed
  wiped_string line_;
  bool swallowing_ = false;   // the line is over-long: drop it up to its terminator
  bool pending_lf_ = false;   // a CR ended a line; an LF directly behind it belongs to it
  bool is_learning_ = false;  // the byte behind that CR tells the terminator
  terminator terminator_ = terminator::unknown;
  char backspace_ = '\b';
  char carriage_return_ = '\r';
  bytes payload_;
  std::size_t payload_left_ = 0;
  std::size_t payload_keep_ = 0;
  bool payload_open_ = false;
};

}  // namespace tlsmodem::at

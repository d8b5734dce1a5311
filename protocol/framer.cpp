#include "framer.hpp"

#include "limits.hpp"

#include <algorithm>
#include <utility>

namespace tlsmodem::at {

void framer::feed(std::string_view input) {
  compact();
  input_.append(input);
}

// Memory of a burst is given back once it is consumed; moving is rare, because a channel is mostly drained.
void framer::compact() {
  if (position_ == input_.size()) {
    input_.clear();
    position_ = 0;
    if (input_.capacity() > 2 * input_high_water_bytes) input_.shrink_to_fit();
  } else if (position_ > input_high_water_bytes) {
    input_.erase(0, position_);
    position_ = 0;
  }
}

void framer::drop_line_feed_of_crlf() {
  if (!pending_lf_ || position_ == input_.size()) return;
  pending_lf_ = false;
  const bool is_lf = input_[position_] == '\n';
  // The byte behind the first line's CR decides what this channel's lines end with.
  if (is_learning_) terminator_ = is_lf ? terminator::crlf : terminator::cr;
  is_learning_ = false;
  if (is_lf) ++position_;
}

bool framer::is_terminator(char c) {
  // An empty line teaches nothing: drivers send stray CRs and LFs to flush what was there before them.
  const bool is_teaching = terminator_ == terminator::unknown && is_line_begun();
  // Also where lines ended with LF so far: V.250 knows no other terminator, and another program may have
  // come.
  if (c == carriage_return_) {
    pending_lf_ = terminator_ != terminator::cr && c != '\n';
    is_learning_ = is_teaching && pending_lf_;
    return true;
  }
  if (c != '\n' || terminator_ == terminator::cr) return false;
  if (is_teaching) terminator_ = terminator::lf;
  return true;
}

framer::step framer::take(char c) {
  // V.250 5.2.2: the terminator is looked for before the editing character, so S3 = S5 still ends a line.
  if (is_terminator(c)) return step::complete;
  if (swallowing_) return step::more;
  if (c == backspace_) {
    if (!line_.empty()) line_.pop_back();
    return step::more;
  }
  // V.250 5.2.2: other control characters are ignored.
  if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') return step::more;
  if (line_.size() == max_line_bytes) {
    // Swallow to the terminator first: answering now would let the rest run as a command of its own.
    swallowing_ = true;
    return step::more;
  }
  line_.push_back(c);
  const bool is_repeat = line_.size() == 2 && (line_[0] == 'A' || line_[0] == 'a') && line_[1] == '/';
  return is_repeat ? step::complete : step::more;
}

framer::line framer::finish_line() {
  line done;
  if (swallowing_) {
    done.is = line::kind::overlong;
  } else if (line_.size() == 2 && line_[1] == '/' && (line_[0] == 'A' || line_[0] == 'a')) {
    done.is = line::kind::repeat;
  } else {
    done.text.assign(line_.begin(), line_.end());
  }
  wipe(line_.data(), line_.size());
  line_.clear();
  swallowing_ = false;
  return done;
}

std::optional<framer::line> framer::next_line(std::string* echo) {
  drop_line_feed_of_crlf();
  while (position_ < input_.size()) {
    const char c = std::exchange(input_[position_++], '\0');  // a line may hold a password
    const auto outcome = take(c);
    if (echo != nullptr && (outcome == step::complete || !swallowing_)) echo->push_back(c);
    if (outcome == step::complete) return finish_line();
  }
  compact();
  return std::nullopt;
}

void framer::expect_payload(std::size_t length, std::size_t keep_at_most) {
  payload_.clear();
  payload_.reserve(std::min(length, keep_at_most));  // a key is not copied about in a growing vector
  payload_left_ = length;
  payload_keep_ = keep_at_most;
  payload_open_ = true;
}

bool framer::has_payload_begun() {
  drop_line_feed_of_crlf();
  return payload_left_ == 0 || position_ < input_.size();
}

std::optional<bytes> framer::next_payload() {
  if (!payload_open_) return std::nullopt;
  if (payload_left_ > 0) drop_line_feed_of_crlf();
  const std::size_t taken = std::min(payload_left_, input_.size() - position_);
  const std::size_t kept = std::min(taken, payload_keep_ - std::min(payload_keep_, payload_.size()));
  const auto from = input_.begin() + static_cast<std::ptrdiff_t>(position_);
  payload_.insert(payload_.end(), from, from + static_cast<std::ptrdiff_t>(kept));
  wipe(input_.data() + position_, taken);
  position_ += taken;
  payload_left_ -= taken;
  if (payload_left_ > 0) return std::nullopt;
  payload_open_ = false;
  return std::move(payload_);
}

}  // namespace tlsmodem::at

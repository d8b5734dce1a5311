#include "at_client.hpp"

#include "event.hpp"
#include "limits.hpp"

#include <charconv>

namespace tlsmodem::at {
namespace {

constexpr std::string_view cme_prefix = "+CME ERROR: ";
// A response line may hold escaped strings, three characters a byte.
constexpr std::size_t max_response_line_bytes = 4 * max_line_bytes;

error cme_code(std::string_view text) {
  int number = static_cast<int>(error::unknown);
  std::from_chars(text.data(), text.data() + text.size(), number);
  return static_cast<error>(number);
}

}  // namespace

void at_client::feed(std::string_view input) {
  if (position_ == input_.size()) {
    input_.clear();
    position_ = 0;
  } else if (position_ > max_payload_bytes) {
    input_.erase(0, position_);
    position_ = 0;
  }
  input_.append(input);
}

std::optional<item> at_client::next() {
  if (frame_) return next_payload();
  while (swallowing_ || position_ < input_.size()) {
    const std::string_view rest = std::string_view(input_).substr(position_);
    if (swallowing_) {
      const auto end = rest.find("\r\n");
      if (end == std::string_view::npos) {
        position_ = input_.size() - (rest.ends_with('\r') ? 1 : 0);
        return std::nullopt;
      }
      position_ += end + 2;
      swallowing_ = false;
    } else if (rest.starts_with("\r\n")) {  // the empty line that opens a response
      position_ += 2;
    } else if (rest.starts_with("> ")) {
      position_ += 2;
      return item{item::kind::prompt, "> ", {}, false, {}};
    } else {
      return next_line();
    }
  }
  return std::nullopt;
}

std::optional<item> at_client::next_line() {
  const std::string_view rest = std::string_view(input_).substr(position_);
  const auto end = rest.substr(0, max_response_line_bytes + 2).find("\r\n");
  if (end != std::string_view::npos) {
    position_ += end + 2;
    return classify(std::string(rest.substr(0, end)));
  }
  if (rest.size() < max_response_line_bytes + 2) return std::nullopt;
  swallowing_ = true;
  return item{item::kind::malformed, {}, {}, false, error::internal};
}

std::optional<item> at_client::classify(std::string line) {
  item found;
  if (line == "OK") {
    found.is = item::kind::ok;
  } else if (line == "ERROR") {
    found.is = item::kind::failed;
  } else if (line.starts_with(cme_prefix)) {
    found.is = item::kind::failed;
    found.code = cme_code(std::string_view(line).substr(cme_prefix.size()));
  } else if (is_event(line)) {
    found.is = item::kind::event;
  }
  const auto length = frame_payload_length(line);
  // #TRX and #TTX are always frames: without a length, where the next line begins is anyone's guess.
  if (!length && (line.starts_with("#TRX:") || line.starts_with("#TTX:"))) found.is = item::kind::malformed;
  found.line = std::move(line);
  if (!length) return found;
  found.has_payload = true;
  frame_length_ = *length;
  frame_ = std::move(found);
  return next_payload();
}

std::optional<item> at_client::next_payload() {
  if (input_.size() - position_ < frame_length_ + 2) return std::nullopt;
  item done = std::move(*frame_);
  frame_.reset();
  const std::string_view rest = std::string_view(input_).substr(position_);
  done.payload = to_bytes(rest.substr(0, frame_length_));
  position_ += frame_length_ + 2;
  if (rest.substr(frame_length_, 2) != "\r\n") done.is = item::kind::malformed;
  return done;
}

}  // namespace tlsmodem::at

#include "player.hpp"

#include "example_peers.hpp"
#include "protocol/event.hpp"
#include "protocol/value.hpp"
#include "tests/support/running_daemon.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <csignal>
#include <stdexcept>
#include <utility>

namespace tlsmodem::test {
namespace {

// A channel as bytes: what a terminal would see.
class raw_channel {
 public:
  explicit raw_channel(const std::string& path) : channel_(open(path)) {}

  void write(std::string_view data) {
    if (auto wrong = channel_.write(data, deadline())) throw std::runtime_error(wrong->text);
  }

  // The next `count` bytes.
  std::string read(std::size_t count) {
    while (buffer_.size() < count) fill();
    return take(count);
  }

  // Up to the next CR LF, which is taken too.
  std::string read_line() {
    while (buffer_.find("\r\n") == std::string::npos) fill();
    const auto line = take(buffer_.find("\r\n"));
    take(2);
    return line;
  }

  // Whether `text` comes next. Waits for no more than it takes to know.
  bool begins_with(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      while (buffer_.size() <= i) fill();
      if (buffer_[i] != text[i]) return false;
    }
    return true;
  }

  bool is_at_end() { return buffer_.empty() && !receive(); }

 private:
  static client::channel open(const std::string& path) {
    auto opened = client::channel::open(path, deadline());
    if (!opened) throw std::runtime_error(opened.why().text);
    return std::move(*opened);
  }

  std::string take(std::size_t count) {
    auto taken = buffer_.substr(0, count);
    buffer_.erase(0, count);
    return taken;
  }

  void fill() {
    if (!receive()) throw std::runtime_error("the channel ended behind " + at::quote(buffer_));
  }

  // False at the end of the channel.
  bool receive() {
    pollfd entry{channel_.fd(), POLLIN, 0};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline() - std::chrono::steady_clock::now());
    if (::poll(&entry, 1, static_cast<int>(left.count())) <= 0)
      throw std::runtime_error("nothing more came behind " + at::quote(buffer_));
    char bytes[4096];
    const auto size = ::recv(entry.fd, bytes, sizeof bytes, 0);
    if (size > 0) buffer_.append(bytes, static_cast<std::size_t>(size));
    return size > 0;
  }

  client::channel channel_;
  std::string buffer_;
};

std::string configuration_text(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

// <name> and <length of name> become the content and the size of a credential file.
std::string with_files(std::string text) {
  for (const auto& [name, content] : credential_files()) {
    const std::pair<std::string, std::string> words[] = {
        {"<" + name + ">", content}, {"<length of " + name + ">", std::to_string(content.size())}};
    for (const auto& [word, meaning] : words)
      for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + meaning.size()))
        text.replace(at, word.size(), meaning);
  }
  return text;
}

class player {
 public:
  explicit player(const dialogue& what)
      : dialogue_(what),
        peer_(start_peer(what.peer)),
        daemon_(configuration_text(what.configuration)),
        channel_(daemon_.socket_path()) {}

  void play() {
    for (const auto& next : dialogue_.steps) {
      try {
        perform(next);
      } catch (const std::runtime_error& wrong) {
        throw std::runtime_error(dialogue_.path + ":" + std::to_string(next.number) + ": " + wrong.what());
      }
    }
    flush();
    if (frame_length_) throw std::runtime_error(dialogue_.path + ": the last frame's payload is not shown");
    if (is_ended_) return;
    // Had the modem said anything else, it would come before this answer.
    channel_.write("AT\r");
    skip_tickets();
    if (const auto rest = channel_.read(6); rest != "\r\nOK\r\n")
      throw std::runtime_error(dialogue_.path + ":" + std::to_string(dialogue_.steps.back().number) +
                               ": the modem says more: " + at::quote(rest));
  }

 private:
  std::string with_handle(std::string text) const {
    constexpr std::string_view word = "<handle>";
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word))
      text.replace(at, word.size(), handle_);
    return text;
  }

  // Servers of TLS 1.3 send tickets when they like.
  void skip_tickets() {
    while (dialogue_.peer.starts_with("tls-") && channel_.begins_with("\r\n#TKEY:")) {
      channel_.read(2);
      channel_.read_line();
    }
  }

  void perform(const step& next) {
    switch (next.is) {
      case step::kind::line:
        typed_ += with_handle(with_files(next.text)) + "\r";
        return;
      case step::kind::payload:
        typed_ += with_files(decoded(next.text));
        return;
      default:
        flush();
    }
    if (frame_length_ && next.is != step::kind::frame)
      throw std::runtime_error("the payload of the line above is not shown");
    if (next.is != step::kind::outside && !frame_length_ && !next.text.starts_with("#TKEY:")) skip_tickets();
    switch (next.is) {
      case step::kind::answer:
        expect("\r\n");
        last_line_ = channel_.read_line();
        if (const auto key = at::parse_key(last_line_)) handle_ = key->handle;
        if (!matches(next.text, last_line_))
          throw std::runtime_error("expected " + next.text + "\n  got " + last_line_);
        frame_length_ = at::frame_payload_length(last_line_);
        return;
      case step::kind::prompt:
        return expect("> ");
      case step::kind::frame:
        return expect_frame(next.text);
      case step::kind::exactly:
        return expect(decoded(next.text));
      default:
        return happen(next.text);
    }
  }

  // Lines that follow each other without an answer between them go out in one write, as a client's would.
  void flush() {
    if (!typed_.empty()) channel_.write(std::exchange(typed_, {}));
  }

  void expect(const std::string& bytes) {
    if (const auto got = channel_.read(bytes.size()); got != bytes)
      throw std::runtime_error("expected " + at::quote(bytes) + ", got " + at::quote(got));
  }

  void expect_frame(const std::string& pattern) {
    if (!frame_length_) throw std::runtime_error("the line above announces no payload");
    const auto payload = channel_.read(*std::exchange(frame_length_, std::nullopt));
    const auto wanted = with_files(decoded(pattern));
    if (!matches(wanted, payload))
      throw std::runtime_error("expected " + at::quote(wanted) + "\n  got " + at::quote(payload));
    expect("\r\n");
  }

  void happen(const std::string& what) {
    if (what == "the daemon is told to stop") {
      daemon_.daemon().signal(SIGTERM);
    } else if (what == "the daemon is restarted") {
      daemon_.restart(SIGTERM);
      channel_ = raw_channel(daemon_.socket_path());
    } else if (what == "the channel ends") {
      is_ended_ = channel_.is_at_end();
      if (!is_ended_) throw std::runtime_error("the channel goes on");
    } else if (!peer_->act(what)) {
      throw std::runtime_error("nobody knows how to do this: " + what);
    }
  }

  const dialogue& dialogue_;
  std::unique_ptr<example_peer> peer_;
  running_daemon daemon_;
  raw_channel channel_;
  std::string typed_;
  std::string last_line_;
  std::string handle_;                       // the last that was told
  std::optional<std::size_t> frame_length_;  // a frame was announced, its payload is due
  bool is_ended_ = false;
};

}  // namespace

void play(const dialogue& what) { player(what).play(); }

}  // namespace tlsmodem::test

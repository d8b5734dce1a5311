#include "resolver.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>

#include <array>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace tlsmodem::net {
namespace {

// Names that wait for a thread. One stuck name server must not make the queue grow for ever.
constexpr std::size_t max_waiting = 256;

struct addrinfo_deleter {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

int family_number(address_family family) {
  return family == address_family::v4 ? AF_INET : family == address_family::v6 ? AF_INET6 : AF_UNSPEC;
}

resolver::addresses look_up(const std::string& host, address_family family, int flags) {
  addrinfo hints{};
  hints.ai_family = family_number(family);
  hints.ai_socktype = SOCK_DGRAM;  // each address once
  hints.ai_flags = flags;
  addrinfo* raw = nullptr;
  const int outcome = ::getaddrinfo(host.c_str(), nullptr, &hints, &raw);
  const std::unique_ptr<addrinfo, addrinfo_deleter> list(raw);
  if (outcome != 0)
    return {at::error::name_not_resolved,
            "The name " + host + " was not resolved: " + ::gai_strerror(outcome) + "."};
  std::vector<std::string> found;
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) == 0)
      found.emplace_back(text.data());
  }
  if (found.empty())
    return {at::error::name_not_resolved, "The name " + host + " has no address of this family."};
  return found;
}

}  // namespace

struct resolver::shared_state {
  struct question {
    std::string host;
    address_family family = address_family::any;
    handler done;
  };

  shared_state(boost::asio::io_context& context, unsigned limit) : io(context), max_threads(limit) {}

  boost::asio::io_context& io;  // touched under the mutex and only while !is_stopped
  const unsigned max_threads;
  std::mutex mutex;
  std::deque<question> waiting;
  unsigned threads = 0;
  bool is_stopped = false;
};

resolver::resolver(boost::asio::io_context& io, unsigned max_threads)
    : state_(std::make_shared<shared_state>(io, max_threads)) {}

resolver::~resolver() {
  const std::lock_guard lock(state_->mutex);
  state_->is_stopped = true;
  state_->waiting.clear();
}

void resolver::resolve(const std::string& host, address_family family, handler done) {
  if (auto numeric = look_up(host, address_family::any, AI_NUMERICHOST)) {
    // A literal of the wrong family is told by a look-up that fails.
    if (auto fitting = look_up(host, family, AI_NUMERICHOST); !fitting) numeric = fitting.why();
    boost::asio::post(state_->io, [done = std::move(done), answer = std::move(numeric)]() mutable {
      done(std::move(answer));
    });
    return;
  }
  const std::lock_guard lock(state_->mutex);
  if (state_->waiting.size() >= max_waiting) {
    boost::asio::post(state_->io, [done = std::move(done)] {
      done(addresses(at::error::limit_reached, "Too many names are waiting to be resolved."));
    });
    return;
  }
  state_->waiting.push_back({host, family, std::move(done)});
  if (state_->threads == state_->max_threads || start_thread() || state_->threads > 0) return;
  auto refused = std::move(state_->waiting.back());
  state_->waiting.pop_back();
  boost::asio::post(state_->io, [done = std::move(refused.done)] {
    done(addresses(at::error::limit_reached, "The system has no thread to resolve the name."));
  });
}

// Precondition: the mutex is held. False when the system refuses another thread.
bool resolver::start_thread() {
  try {
    // Detached: a thread that hangs in getaddrinfo() owns all it touches and must not delay the end of the
    // process.
    std::thread([state = state_] { work(state); }).detach();
  } catch (const std::system_error&) {
    return false;
  }
  ++state_->threads;
  return true;
}

void resolver::work(const std::shared_ptr<shared_state>& state) {
  std::unique_lock lock(state->mutex);
  while (!state->waiting.empty()) {
    auto question = std::move(state->waiting.front());
    state->waiting.pop_front();
    lock.unlock();
    auto answer = look_up(question.host, question.family, 0);
    lock.lock();
    if (!state->is_stopped)
      boost::asio::post(state->io, [done = std::move(question.done), answer = std::move(answer)]() mutable {
        done(std::move(answer));
      });
  }
  --state->threads;
}

}  // namespace tlsmodem::net

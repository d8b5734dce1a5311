#include "store.hpp"

#include "daemon/support/log.hpp"
#include "state_directory.hpp"
#include "store_key.hpp"

#include <boost/asio/post.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <span>
#include <system_error>
#include <thread>
#include <utility>

namespace tlsmodem::store {
namespace {

// For each change, beside its content: many that erase shall not be for free.
constexpr std::size_t bytes_of_a_change = 128;

std::size_t weight(const std::vector<change>& changes) {
  std::size_t sum = 0;
  for (const auto& each : changes) sum += bytes_of_a_change + (each.content ? each.content->size() : 0);
  return sum;
}

struct submission {
  std::vector<change> changes;
  store::completion done;
};

struct outcome {
  store::completion done;
  std::optional<at::failure> wrong;
};

// What the event loop knows. Posted handlers hold it weakly: with the store, it is gone for them.
struct loop_side {
  std::string trouble;
  std::function<void(opening)> on_reopened;
  bool is_gone = false;
};

}  // namespace

class store::worker {
 public:
  worker(boost::asio::io_context& io, std::string directory, std::optional<std::string> key_file,
         timing times)
      : io_(io), directory_(std::move(directory)), key_file_(std::move(key_file)), times_(times) {}
  ~worker() {
    loop_->is_gone = true;
    stop();
  }

  at::result<opening> start();
  void submit(submission given);
  bool settle();
  void stop();

  const std::shared_ptr<loop_side>& loop() const { return loop_; }
  std::uint64_t commits() const { return commits_; }

 private:
  // In the thread, or before it runs.
  at::result<secret> load_key() const;
  std::optional<at::failure> open(opening& found);
  void run();
  std::vector<submission> wait(std::unique_lock<std::mutex>& lock);
  std::size_t write(std::vector<submission> group);
  std::vector<std::optional<at::failure>> write_group(std::vector<submission>& group);
  std::optional<at::failure> apply(std::span<const change> changes);
  void reopen();
  void note_trouble(const std::string& trouble);
  void tell(std::vector<outcome> outcomes, std::optional<opening> news = std::nullopt);

  boost::asio::io_context& io_;
  const std::string directory_;
  const std::optional<std::string> key_file_;
  const timing times_;
  const std::shared_ptr<loop_side> loop_ = std::make_shared<loop_side>();
  std::optional<state_directory> lock_on_directory_;

  std::optional<database> database_;  // ready, or nothing
  std::string trouble_;
  std::optional<store_id_bytes> read_;  // whose rows open() just read
  std::optional<store_id_bytes> told_;  // whose rows the owners know
  bool owes_new_ = false;               // a new file was made, and the owners were not told
  std::atomic<std::uint64_t> commits_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable settled_;  // waiting_bytes_ became 0
  std::vector<submission> waiting_;
  std::size_t waiting_bytes_ = 0;  // with the group that is being written
  bool is_running_ = false;        // submissions are taken
  bool is_troubled_ = false;       // as the thread left it
  std::thread thread_;
};

store::store(boost::asio::io_context& io, std::string directory, std::optional<std::string> key_file)
    : store(io, std::move(directory), std::move(key_file), timing()) {}
store::store(boost::asio::io_context& io, std::string directory, std::optional<std::string> key_file,
             timing times)
    : worker_(std::make_unique<worker>(io, std::move(directory), std::move(key_file), times)) {}
store::~store() = default;

at::result<opening> store::start() { return worker_->start(); }
void store::on_reopened(std::function<void(opening)> handler) {
  worker_->loop()->on_reopened = std::move(handler);
}
void store::submit(std::vector<change> changes, completion done) {
  worker_->submit({std::move(changes), std::move(done)});
}
bool store::settle() { return worker_->settle(); }
void store::stop() { worker_->stop(); }
const std::string& store::trouble() const { return worker_->loop()->trouble; }
std::uint64_t store::commits() const { return worker_->commits(); }

at::result<opening> store::worker::start() {
  auto locked = state_directory::open(directory_);
  if (!locked) return locked.why();
  lock_on_directory_.emplace(std::move(*locked));
  opening found;
  if (auto wrong = open(found)) return std::move(*wrong);
  note_trouble(found.trouble);
  loop_->trouble = found.trouble;
  told_ = read_;
  if (database_) owes_new_ = false;
  is_running_ = true;
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    is_running_ = false;
    return {at::error::store_unavailable, "The system has no thread for the store."};
  }
  return found;
}

at::result<secret> store::worker::load_key() const {
  return key_file_ ? load_store_key(*key_file_) : load_or_make_store_key(directory_);
}

// Fails for what a person has to mend; everything else is told as found.trouble. Rows are read unless the
// owners know them.
std::optional<at::failure> store::worker::open(opening& found) {
  database_.reset();
  read_.reset();
  auto key = load_key();
  if (!key && key.why().code == at::error::credentials_unusable) return key.why();
  if (!key) {
    found.trouble = key.why().text;
    return std::nullopt;
  }
  auto opened = database::open(directory_, *key, times_.patience);
  if (opened.outcome() == open_outcome::newer_version)
    return at::failure{at::error::store_unavailable, opened.trouble()};
  if (told_ != opened.store_id()) {
    // Without rows to be had, this fails with the trouble.
    if (auto rows = opened.load()) {
      found.rows = std::move(rows->rows);
      found.damaged_rows = rows->damaged_rows;
      read_ = opened.store_id();
    }
  }
  owes_new_ = owes_new_ || opened.is_new();
  found.is_new = owes_new_;
  // A file that opens is not yet one that can be written.
  if (const auto wrong = opened.apply({})) {
    found.trouble = wrong->text;
    return std::nullopt;
  }
  ++commits_;
  database_.emplace(std::move(opened));
  return std::nullopt;
}

void store::worker::submit(submission given) {
  const auto size = weight(given.changes);
  std::unique_lock lock(mutex_);
  const bool is_full = waiting_bytes_ + size > max_waiting_bytes;
  if (is_running_ && !is_full) {
    waiting_bytes_ += size;
    waiting_.push_back(std::move(given));
    lock.unlock();
    changed_.notify_one();
    return;
  }
  std::string why = is_running_ ? "Too much is waiting to be stored." : "The store is not running.";
  lock.unlock();
  std::vector<outcome> refused;
  refused.push_back({std::move(given.done), at::failure{at::error::store_unavailable, std::move(why)}});
  boost::asio::post(io_, [weak = std::weak_ptr(loop_), refused = std::move(refused)] {
    const auto loop = weak.lock();
    if (loop && !loop->is_gone) refused.front().done(refused.front().wrong);
  });
}

bool store::worker::settle() {
  std::unique_lock lock(mutex_);
  settled_.wait(lock, [this] { return waiting_bytes_ == 0; });
  return is_running_ && !is_troubled_;
}

void store::worker::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_running_ = false;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
  database_.reset();
  lock_on_directory_.reset();
}

void store::worker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    auto group = wait(lock);
    if (group.empty() && !is_running_) return;
    lock.unlock();
    if (group.empty()) reopen();
    const auto written = group.empty() ? 0 : write(std::move(group));
    lock.lock();
    waiting_bytes_ -= written;
    is_troubled_ = !trouble_.empty();
    if (waiting_bytes_ == 0) settled_.notify_all();
  }
}

// Empty when the store was stopped, or when there is trouble and it is time to see whether it has passed.
std::vector<submission> store::worker::wait(std::unique_lock<std::mutex>& lock) {
  const auto has_news = [this] { return !waiting_.empty() || !is_running_; };
  if (trouble_.empty())
    changed_.wait(lock, has_news);
  else
    changed_.wait_for(lock, times_.retry, has_news);
  return std::exchange(waiting_, {});
}

// The weight of what was written, or failed.
std::size_t store::worker::write(std::vector<submission> group) {
  std::size_t size = 0;
  for (const auto& each : group) size += weight(each.changes);
  if (!database_) reopen();
  auto wrong = write_group(group);
  std::vector<outcome> outcomes;
  for (std::size_t i = 0; i < group.size(); ++i)
    outcomes.push_back({std::move(group[i].done), std::move(wrong[i])});
  tell(std::move(outcomes));
  return size;
}

// One transaction for all; one for each when one of them is to blame.
std::vector<std::optional<at::failure>> store::worker::write_group(std::vector<submission>& group) {
  std::vector<change> all;
  for (auto& each : group)
    for (auto& one : each.changes) all.push_back(std::move(one));
  const auto wrong = apply(all);
  std::vector<std::optional<at::failure>> outcomes(group.size(), wrong);
  if (!wrong || wrong->code == at::error::store_unavailable) return outcomes;
  std::span<const change> rest = all;
  for (std::size_t i = 0; i < group.size(); ++i) {
    outcomes[i] = apply(rest.first(group[i].changes.size()));
    rest = rest.subspan(group[i].changes.size());
  }
  return outcomes;
}

std::optional<at::failure> store::worker::apply(std::span<const change> changes) {
  if (!database_) return at::failure{at::error::store_unavailable, trouble_};
  auto wrong = database_->apply(changes);
  if (!wrong) {
    ++commits_;
  } else if (wrong->code == at::error::store_unavailable) {
    database_.reset();
    note_trouble(wrong->text);
  }
  return wrong;
}

void store::worker::reopen() {
  opening found;
  const auto wrong = open(found);
  if (wrong) found.trouble = wrong->text;
  note_trouble(found.trouble);
  if (!database_) return tell({});
  owes_new_ = false;
  if (read_) told_ = read_;
  tell({}, std::move(found));
}

void store::worker::note_trouble(const std::string& trouble) {
  if (trouble_.empty() && !trouble.empty())
    log(level::error, "the store does not work: what is changed now will be lost", {{"reason", trouble}});
  if (!trouble_.empty() && trouble.empty()) log(level::notice, "the store works again");
  trouble_ = trouble;
}

// In one piece, so that whoever hears of a failure finds the trouble told.
void store::worker::tell(std::vector<outcome> outcomes, std::optional<opening> news) {
  boost::asio::post(io_, [weak = std::weak_ptr(loop_), trouble = trouble_, outcomes = std::move(outcomes),
                          news = std::move(news)]() mutable {
    const auto loop = weak.lock();
    if (!loop || loop->is_gone) return;
    loop->trouble = std::move(trouble);
    if (news && loop->on_reopened) loop->on_reopened(std::move(*news));
    for (auto& each : outcomes) {
      if (loop->is_gone) return;
      if (each.done) each.done(std::move(each.wrong));
    }
  });
}

}  // namespace tlsmodem::store

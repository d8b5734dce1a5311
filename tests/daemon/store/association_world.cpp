#include "association_world.hpp"

#include <filesystem>
#include <fstream>
#include <utility>

namespace tlsmodem::test {

association_store::place place_of_association(std::uint8_t binding, bool is_kept) {
  return {{{binding},
           "server.example",
           5684,
           {"192.0.2.1", 5684},
           {"192.0.2.77", 40000},
           "DTLSv1.2",
           "TLS_PSK_WITH_AES_128_CCM_8"},
          is_kept};
}

association_world::association_world(anchored is_anchored, counted is_counted)
    : is_anchored_(is_anchored), is_counted_(is_counted) {
  if (!has_slots()) std::filesystem::create_directory(directory(std::string(counter_file::name)));
  write_file(directory("store.db"), "the rows are in memory");
  start();
}
association_world::~association_world() = default;

void association_world::start() {
  counters_ = std::make_unique<counter_file>(directory(), "boot " + std::to_string(boot_));
  if (is_anchored_ == anchored::yes)
    anchor_ = std::make_unique<store_anchor>(directory(), *counters_, machine_id);
  store_ = std::make_unique<association_store>(bounds, [this] { return std::chrono::sys_seconds(now); });
  store_->attach(counters_.get(), anchor_.get());
  is_broken_ = false;
  load();
}

void association_world::load() {
  std::vector<store::row> rows;
  for (const auto& [name, content] : disk_)
    rows.push_back({store::table::associations, name.first, name.second, content.clone()});
  store_->store_works(is_store_working);
  store_->load(rows);
}

// As when a process is gone: nothing more is written anywhere.
void association_world::end() {
  flights_.clear();
  store_.reset();
  anchor_.reset();
  counters_.reset();
}

std::unique_ptr<association_lease> association_world::keep(const std::string& handle, const std::string& keys,
                                                           bool is_kept, std::uint64_t write_next) {
  return store_->keep(alice, handle, place_of_association(1, is_kept), secret_of(keys), {write_next, {}});
}

bool association_world::submit(std::size_t max_bytes) {
  auto changes = store_->take_changes(max_bytes);
  if (changes.empty()) return false;
  flights_.push_back({store_->batch(), std::move(changes)});
  return true;
}

void association_world::apply(const flight& what) {
  for (const auto& change : what.changes) {
    const row_owner::row_name name(change.user, change.name);
    disk_.erase(name);
    if (change.content) disk_.emplace(name, change.content->clone());
  }
}

std::vector<row_owner::row_name> association_world::names_of(const flight& what) const {
  std::vector<row_owner::row_name> names;
  names.reserve(what.changes.size());
  for (const auto& change : what.changes) names.emplace_back(change.user, change.name);
  return names;
}

void association_world::complete() {
  const auto done = std::move(flights_.front());
  flights_.pop_front();
  apply(done);
  store_->written(done.batch, names_of(done));
  store_->tell();
}

void association_world::fail(lost where) {
  const auto failed = std::move(flights_.front());
  flights_.pop_front();
  if (where == lost::behind_the_disk) apply(failed);
  store_->put_back(names_of(failed));
  store_->tell();
}

void association_world::break_store() {
  is_broken_ = true;
  store_->store_works(false);
  store_->tell();
}

void association_world::mend_store() {
  is_broken_ = false;
  load();
  store_->tell();
}

void association_world::replace_store() {
  disk_.clear();
  mend_store();
  store_->write_all_again();
}

void association_world::settle() {
  while (!flights_.empty() || submit()) complete();
  store_->tell();
}

void association_world::kill_process(std::size_t completed) {
  kill_process_and([] {}, completed);
}

void association_world::kill_process_and(const std::function<void()>& meddle, std::size_t completed) {
  for (; completed > 0 && !flights_.empty(); --completed) {
    apply(flights_.front());
    flights_.pop_front();
  }
  end();
  meddle();
  start();
}

void association_world::crash_machine(std::size_t completed, counters_are how) {
  boot_again();
  kill_process_and(
      [&] {
        if (how != counters_are::lost || !has_slots()) return;
        std::fstream file(directory(std::string(counter_file::name)), std::ios::in | std::ios::out);
        file.seekp(counter_file::first_slot_at + counter_file::slot_bytes);
        file << std::string(
            counter_file::chunk_bytes - counter_file::first_slot_at - counter_file::slot_bytes, 0);
      },
      completed);
}

void association_world::begin_anew() {
  disk_.clear();
  crash_machine();
}

std::optional<association_entry> association_world::row(const std::string& handle,
                                                        association_store::user_id user) const {
  const auto found = disk_.find({user, handle});
  if (found == disk_.end()) return std::nullopt;
  auto decoded = decode_association_entry(found->second.view());
  return decoded ? std::optional(std::move(*decoded)) : std::nullopt;
}

association_world::disk association_world::copy_of_disk() const {
  disk copy;
  for (const auto& [name, content] : disk_) copy.emplace(name, content.clone());
  return copy;
}

}  // namespace tlsmodem::test

#include "database.hpp"

#include "daemon/support/log.hpp"
#include "database_statements.hpp"
#include "set_aside.hpp"
#include "unreadable_rows.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace tlsmodem::store {
namespace {

at::failure no_row(const std::string& why) { return {at::error::incorrect_parameters, why}; }

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= max_name_bytes && name.find('\0') == std::string_view::npos;
}

// A row of the file, before it is believed.
struct stored_row {
  explicit stored_row(const sqlite::statement& from)
      : id(from.integer(0)),
        user(from.integer(1)),
        name(from.text(2)),
        generation(from.integer(3)),
        sealed(from.blob(4)) {}

  std::optional<secret> open(const sealed_box& box, const store_id_bytes& store_id, table in) const {
    if (user < 0 || user > std::numeric_limits<std::uint32_t>::max() || generation < 0 || !is_name(name))
      return std::nullopt;
    return box.open(sealed, row_binding(store_id, in, static_cast<std::uint32_t>(user), name,
                                        static_cast<std::uint64_t>(generation)));
  }

  std::int64_t id;
  std::int64_t user;
  std::string name;
  std::int64_t generation;
  bytes_view sealed;  // until the next step
};

bool has_table(sqlite3* file, table which) {
  sqlite::statement look(file, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?");
  return look.bind_text(name_of(which)).step() != SQLITE_DONE;
}

}  // namespace

std::optional<at::failure> check(const change& what) {
  if (!is_name(what.name)) return no_row("The name of a stored row has 1 to 64 bytes.");
  if (what.content && what.content->size() > max_content_bytes)
    return no_row("The content of a stored row has up to 1 MiB.");
  return std::nullopt;
}

database::database(std::string directory, std::chrono::milliseconds patience)
    : directory_(std::move(directory)), path_(directory_ + "/store.db"), patience_(patience) {}
database::~database() = default;
database::database(database&& other) noexcept = default;
database& database::operator=(database&& other) noexcept = default;

at::result<database::contents> database::load() {
  if (outcome_ != open_outcome::ready && outcome_ != open_outcome::read_only)
    return {at::error::store_unavailable, trouble_};
  contents found;
  int code = SQLITE_OK;
  for (const auto from : all_tables) {
    // What cannot be written is not migrated either.
    if (outcome_ == open_outcome::read_only && !has_table(connection_.get(), from)) continue;
    std::vector<std::int64_t> damaged;
    code = read_table(from, found, damaged);
    found.damaged_rows += damaged.size();
    if (code == SQLITE_OK && outcome_ == open_outcome::ready) code = erase_damaged(from, damaged);
    if (code != SQLITE_OK) break;
  }
  if (code == SQLITE_OK) return found;
  if (sqlite::is_damage(code) && outcome_ == open_outcome::ready) return save_from_damage(std::move(found));
  return fail(code);
}

// The generation decides between two rows of one name, which only a damaged index lets in.
int database::read_table(table from, contents& into, std::vector<std::int64_t>& damaged) {
  struct place {
    std::size_t index;
    stored_row as;
  };
  std::map<std::pair<std::int64_t, std::string>, place> seen;
  unreadable_rows unreadable(from);
  sqlite::statement select(connection_.get(), "SELECT id, user, name, generation, sealed FROM " +
                                                  std::string(name_of(from)) + " ORDER BY id");
  int code = SQLITE_OK;
  while ((code = select.step()) == SQLITE_ROW) {
    const stored_row found(select);
    auto content = found.open(*box_, store_id_, from);
    if (!content) {
      damaged.push_back(found.id);
      unreadable.add(found.user, "it does not open: it was damaged or belongs elsewhere");
      continue;
    }
    generation_ = std::max(generation_, static_cast<std::uint64_t>(found.generation));
    const auto [known, is_first] = seen.try_emplace({found.user, found.name}, place{into.rows.size(), found});
    if (is_first) {
      into.rows.push_back({from, static_cast<std::uint32_t>(found.user), found.name, std::move(*content)});
      continue;
    }
    auto& other = known->second;
    unreadable.add(found.user, "there is another one of its name");
    const bool is_newer = found.generation > other.as.generation;
    damaged.push_back(is_newer ? other.as.id : found.id);
    if (!is_newer) continue;
    into.rows[other.index].content = std::move(*content);
    other.as = found;
  }
  unreadable.log();
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

int database::erase_damaged(table from, std::span<const std::int64_t> ids) {
  if (ids.empty()) return SQLITE_OK;
  sqlite::transaction all(connection_.get());
  if (all.begun() != SQLITE_OK) return all.begun();
  sqlite::statement erase(connection_.get(), "DELETE FROM " + std::string(name_of(from)) + " WHERE id = ?");
  for (const auto id : ids)
    if (const int code = erase.bind(id).run(); code != SQLITE_DONE) return code;
  return all.commit();
}

// The damage is where quick_check does not look, or came after it. What opened is as it was written, so it
// goes into the new file.
at::result<database::contents> database::save_from_damage(contents found) {
  if (!set_file_aside("a part of it cannot be read"))
    return at::failure{at::error::store_unavailable, trouble_};
  const auto moved_to = set_aside_;
  const secret key = std::move(key_);
  *this = open(directory_, key, patience_);
  set_aside_ = moved_to;
  std::vector<change> again;
  for (auto& each : found.rows) again.push_back({each.in, each.user, each.name, std::move(each.content)});
  // Also when the new file takes nothing: what was read is there to be served, and to be written later.
  static_cast<void>(apply(again));
  for (std::size_t i = 0; i < again.size(); ++i) found.rows[i].content = std::move(*again[i].content);
  return found;
}

std::optional<at::failure> database::apply(std::span<const change> changes) {
  for (const auto& each : changes)
    if (auto wrong = check(each)) return wrong;
  if (outcome_ != open_outcome::ready) return at::failure{at::error::store_unavailable, trouble_};
  int code = SQLITE_OK;
  {
    sqlite::transaction all(connection_.get());
    code = all.begun();
    bytes sealed;
    for (auto each = changes.begin(); code == SQLITE_OK && each != changes.end(); ++each)
      code = write(*each, sealed);
    // Also for no changes at all: the write tells whether the disk works.
    if (code == SQLITE_OK)
      code = statements_->set_generation.bind(static_cast<std::int64_t>(++generation_)).run();
    if (code == SQLITE_OK || code == SQLITE_DONE) code = all.commit();
  }
  if (code == SQLITE_OK) return std::nullopt;
  return fail(code);
}

// An SQLite result code; `sealed` is memory that is used again and again.
int database::write(const change& what, bytes& sealed) {
  const auto which = static_cast<std::size_t>(what.in);
  int code = SQLITE_OK;
  if (what.content) {
    ++generation_;
    auto box =
        box_->seal(what.content->view(), row_binding(store_id_, what.in, what.user, what.name, generation_));
    if (!box) return SQLITE_NOMEM;
    sealed = std::move(*box);
    code = statements_->put[which]
               .bind(what.user)
               .bind_text(what.name)
               .bind(static_cast<std::int64_t>(generation_))
               .bind_blob(sealed)
               .run();
  } else {
    code = statements_->erase[which].bind(what.user).bind_text(what.name).run();
  }
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

// From now on only opening anew tells what the disk has.
at::failure database::fail(int code) {
  const auto why = sqlite::reason(connection_.get(), code);
  outcome_ = open_outcome::unavailable;
  trouble_ = "The store " + path_ + " failed: " + why + ".";
  if (sqlite::is_damage(code)) set_file_aside(why);
  return {at::error::store_unavailable, trouble_};
}

bool database::set_file_aside(const std::string& why) {
  // What is kept is the file as it was found, its WAL beside it.
  if (connection_) sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  statements_.reset();
  connection_.reset();
  outcome_ = open_outcome::unavailable;
  auto moved = set_store_aside(directory_);
  if (!moved) {
    trouble_ =
        "The store " + path_ + " is damaged (" + why + ") and cannot be renamed: " + moved.why().text + ".";
    return false;
  }
  set_aside_ = std::move(*moved);
  trouble_ = "The store " + path_ + " was damaged (" + why + ") and is now " + set_aside_ + ".";
  log(level::warning, "the store was damaged: it is kept under another name, and a new one is made",
      {{"file", path_}, {"kept_as", set_aside_}, {"reason", why}});
  return true;
}

}  // namespace tlsmodem::store

#include "database_statements.hpp"
#include "files.hpp"
#include "schema.hpp"
#include "set_aside.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <openssl/rand.h>

#include <utility>

namespace tlsmodem::store {
namespace {

// Sealed in the file. Part of the format; what it says does not matter.
constexpr std::string_view key_check_text = "tlsmodem key check";

enum class presence { missing, remains, file, other, unknown };

presence look_at(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return S_ISREG(status.st_mode) ? presence::file : presence::other;
  if (errno != ENOENT) return presence::unknown;
  // The WAL of a file that somebody took away would be played into a new one.
  for (const char* suffix : {"-wal", "-shm"})
    if (::lstat((path + suffix).c_str(), &status) == 0) return presence::remains;
  return presence::missing;
}

bool has_content(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && status.st_size > 0;
}

bool is_on_read_only_file_system(const std::string& path) {
  struct statvfs status {};
  return ::statvfs(path.c_str(), &status) == 0 && (status.f_flag & ST_RDONLY) != 0;
}

// SQLite gives its other files the mode of the main one.
void close_to_others(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & 077) != 0)
    ::chmod(path.c_str(), status.st_mode & 0700);
}

std::string uri_of(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#')
      uri.append({'%', "0123456789ABCDEF"[c >> 4], "0123456789ABCDEF"[c & 15]});
    else
      uri += c;
  }
  return uri + "?immutable=1";
}

struct opened {
  sqlite::connection connection;
  int code = SQLITE_OK;
  std::string reason;
};

// Opens and reads the first page, which is when SQLite finds out whether it can.
opened connect(const std::string& name, int flags, std::chrono::milliseconds patience) {
  sqlite3* handle = nullptr;
  opened made;
  made.code =
      sqlite3_open_v2(name.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  made.connection.reset(handle);
  if (made.code == SQLITE_OK) {
    sqlite3_busy_timeout(handle, static_cast<int>(patience.count()));
    // The file may come from anywhere: nothing in its schema is to run.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    // Until it is known to be ours, not even its WAL is moved into it.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    made.code = sqlite::execute(handle, "SELECT count(*) FROM sqlite_schema");
  }
  if (made.code != SQLITE_OK) made.reason = sqlite::reason(handle, made.code);
  return made;
}

}  // namespace

// One attempt at the file, or two: the second one after a damaged file was set aside.
class database::opener {
 public:
  explicit opener(database& into) : into_(into) {}

  void run() {
    auto seen = attempt();
    if (seen == verdict::damaged) seen = into_.set_file_aside(why_) ? attempt() : verdict::failed;
    if (seen == verdict::damaged) unavailable("is damaged again: " + why_);
    if (seen == verdict::good) {
      if (into_.outcome_ == open_outcome::ready) into_.trouble_.clear();
      return;
    }
    into_.statements_.reset();
    into_.connection_.reset();
  }

 private:
  enum class verdict { good, failed, damaged };

  verdict attempt() {
    switch (look_at(into_.path_)) {
      case presence::unknown:
        return unavailable("cannot be looked for: " + reason_of(errno));
      case presence::other:
        return unavailable("is not a regular file");
      case presence::remains:
        return damaged("the main file is missing");
      case presence::missing:
        if (const auto why = make_new(); !why.empty()) return unavailable("cannot be made: " + why);
        into_.is_new_ = true;
        break;
      case presence::file:
        close_to_others(into_.path_);
        break;
    }
    auto seen = connect_somehow();
    if (seen == verdict::good) seen = examine();
    if (seen == verdict::good && into_.outcome_ == open_outcome::ready) seen = prepare();
    return seen;
  }

  verdict unavailable(const std::string& why) { return fail(open_outcome::unavailable, why + "."); }
  verdict fail(open_outcome outcome, const std::string& why) {
    into_.outcome_ = outcome;
    into_.trouble_ = "The store " + into_.path_ + " " + why;
    return verdict::failed;
  }
  verdict damaged(std::string why) {
    why_ = std::move(why);
    into_.statements_.reset();
    into_.connection_.reset();
    return verdict::damaged;
  }
  verdict judge(int code) {
    auto why = sqlite::reason(file(), code);
    if (sqlite::is_damage(code)) return damaged(std::move(why));
    // Only preparing a statement gives the plain one: a table or a column is not there.
    if (code == SQLITE_ERROR) return damaged("it has not the tables of a store");
    return unavailable("cannot be used: " + why);
  }
  sqlite3* file() const { return into_.connection_.get(); }

  // For reading and writing if possible. A read-only file system has no room for the file that a WAL needs
  // beside it; without anything in the WAL the main file can be read alone, since nobody else writes it.
  verdict connect_somehow() {
    auto made = connect(into_.path_, SQLITE_OPEN_READWRITE, into_.patience_);
    if (made.code == SQLITE_OK && sqlite3_db_readonly(made.connection.get(), "main") == 0) {
      into_.connection_ = std::move(made.connection);
      into_.outcome_ = open_outcome::ready;
      return verdict::good;
    }
    const auto first_reason = is_on_read_only_file_system(into_.path_) ? "its file system is read-only"
                              : made.code == SQLITE_OK                 ? "it is read-only"
                                                                       : made.reason;
    if (made.code != SQLITE_OK && !sqlite::is_damage(made.code) && made.code != SQLITE_BUSY)
      made = connect(into_.path_, SQLITE_OPEN_READONLY, into_.patience_);
    if (made.code != SQLITE_OK && !sqlite::is_damage(made.code) && made.code != SQLITE_BUSY &&
        !has_content(into_.path_ + "-wal"))
      made = connect(uri_of(into_.path_), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, into_.patience_);
    if (sqlite::is_damage(made.code)) return damaged(made.reason);
    if (made.code != SQLITE_OK) return unavailable("cannot be opened: " + first_reason);
    into_.connection_ = std::move(made.connection);
    into_.outcome_ = open_outcome::read_only;
    into_.trouble_ = "The store " + into_.path_ + " cannot be written: " + first_reason + ".";
    return verdict::good;
  }

  // Only reads.
  verdict examine() {
    std::int64_t number = 0;
    int code = read_number(file(), "PRAGMA application_id", number);
    if (code != SQLITE_OK) return judge(code);
    if (number != application_id) return damaged("it is not a file of tlsmodemd");
    code = read_number(file(), "PRAGMA user_version", version_);
    if (code != SQLITE_OK) return judge(code);
    if (version_ > current_version)
      return fail(open_outcome::newer_version, "was written by a newer tlsmodemd (format " +
                                                   std::to_string(version_) + ", this one knows " +
                                                   std::to_string(current_version) +
                                                   "): install that one, or move the file away.");
    if (version_ < 1) return damaged("it has no format version");
    if (const auto seen = quick_check(); seen != verdict::good) return seen;
    return examine_key();
  }

  verdict quick_check() {
    sqlite::statement check(file(), "PRAGMA quick_check(1)");
    const int code = check.step();
    if (code != SQLITE_ROW) return judge(code);
    return check.text(0) == "ok" ? verdict::good : damaged(std::string(check.text(0)));
  }

  verdict examine_key() {
    auto found = read_meta(file());
    if (found.code != SQLITE_OK) return judge(found.code);
    if (!found.content) return damaged("its description of itself is incomplete");
    auto box = sealed_box::make(into_.key_, found.content->store_id);
    if (!box) return unavailable("cannot be used: " + box.why().text);
    if (!box->open(found.content->key_check, as_bytes(key_check_text)))
      return fail(open_outcome::wrong_key,
                  "was written with another key: bring back its key file, or move the store away.");
    into_.box_ = std::move(*box);
    into_.store_id_ = found.content->store_id;
    into_.generation_ = found.content->generation;
    return verdict::good;
  }

  // Ours, and to be written.
  verdict prepare() {
    if (const int code = migrate_all(); code != SQLITE_OK) return judge(code);
    for (const char* setting : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
                                "PRAGMA secure_delete = ON", "PRAGMA journal_size_limit = 16777216"}) {
      if (const int code = sqlite::execute(file(), setting); code != SQLITE_OK) return judge(code);
    }
    into_.statements_ = std::make_unique<statements>(file());
    if (const int code = into_.statements_->failure(); code != SQLITE_OK) return judge(code);
    sqlite3_db_config(file(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
    return verdict::good;
  }

  int migrate_all() const {
    if (version_ == current_version) return SQLITE_OK;
    sqlite::transaction step(file());
    int code = step.begun();
    if (code == SQLITE_OK) code = migrate(file(), version_);
    return code == SQLITE_OK ? step.commit() : code;
  }

  // Under another name until it is complete, so that a half-made store is never found. Why not; empty when it
  // is made.
  std::string make_new() const {
    const auto draft = into_.path_ + ".new";
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) ::unlink((draft + suffix).c_str());
    if (!make_private_file(draft)) return reason_of(errno);
    auto why = fill_new(draft);
    if (why.empty() && std::rename(draft.c_str(), into_.path_.c_str()) != 0) why = reason_of(errno);
    if (!why.empty()) {
      ::unlink(draft.c_str());
      return why;
    }
    const int number = sync_directory(into_.directory_);
    return number == 0 ? std::string() : reason_of(number);
  }

  std::string fill_new(const std::string& draft) const {
    meta content;
    if (RAND_bytes(content.store_id.data(), static_cast<int>(content.store_id.size())) != 1)
      return "no random bytes";
    const auto box = sealed_box::make(into_.key_, content.store_id);
    if (!box) return box.why().text;
    auto check = box->seal(as_bytes(key_check_text), as_bytes(key_check_text));
    if (!check) return check.why().text;
    content.key_check = std::move(*check);

    const auto made = connect(draft, SQLITE_OPEN_READWRITE, into_.patience_);
    if (made.code != SQLITE_OK) return made.reason;
    sqlite3* const file = made.connection.get();
    const auto name_it = "PRAGMA application_id = " + std::to_string(application_id);
    int code = sqlite::execute(file, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = FULL");
    if (code == SQLITE_OK) {
      sqlite::transaction step(file);
      code = step.begun();
      if (code == SQLITE_OK) code = sqlite::execute(file, name_it.c_str());
      if (code == SQLITE_OK) code = migrate(file, 0);
      if (code == SQLITE_OK) code = write_meta(file, content);
      if (code == SQLITE_OK) code = step.commit();
    }
    sqlite3_db_config(file, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
    if (code == SQLITE_OK) code = sqlite::execute(file, "PRAGMA journal_mode = WAL");
    return code == SQLITE_OK ? std::string() : sqlite::reason(file, code);
  }

  database& into_;
  std::int64_t version_ = 0;
  std::string why_;
};

database database::open(const std::string& directory, const secret& key, std::chrono::milliseconds patience) {
  database made(directory, patience);
  made.key_ = key.clone();
  opener(made).run();
  return made;
}

}  // namespace tlsmodem::store

#include "store_anchor.hpp"

#include "files.hpp"
#include "row_codec.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

namespace tlsmodem {
namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::size_t row_bytes = 1 + 32 + 1 + 3 * 8 + 8 + 8 + 8;
constexpr std::uint64_t max_generation = std::uint64_t{1} << 62;

// Of the machine's name for itself, which is to be told to nobody.
std::array<std::uint8_t, 32> digest_of(const std::string& path) {
  std::array<std::uint8_t, 4096> text{};
  const unique_fd from(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const auto got = from ? ::read(from.value(), text.data(), text.size()) : 0;
  std::array<std::uint8_t, 32> digest{};
  EVP_Digest(text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)), digest.data(), nullptr,
             EVP_sha256(), nullptr);
  return digest;
}

}  // namespace

struct store_anchor::description {
  std::array<std::uint8_t, 32> machine{};
  std::uint8_t which = 0;
  file anchor;
  std::uint64_t store_inode = 0;
  std::uint64_t counters = 0;
  std::uint64_t generation = 0;
};

store_anchor::store_anchor(std::string directory, const counter_file& counters, const std::string& machine_id)
    : directory_(std::move(directory)), counters_(counters), machine_(digest_of(machine_id)) {}

store_anchor::file store_anchor::look_at(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return {0, 0, 0, errno == ENOENT ? 0 : errno};
  return {status.st_ino, static_cast<std::uint64_t>(status.st_ctim.tv_sec),
          static_cast<std::uint64_t>(status.st_ctim.tv_nsec), 0};
}

std::string store_anchor::path_of(std::uint8_t which) const {
  return directory_ + "/anchor." + std::to_string(which);
}

std::optional<store_anchor::description> store_anchor::parse(bytes_view row) {
  row_codec::reader in(row);
  if (in.number(1) != format_version) return std::nullopt;
  description told;
  in.array(told.machine);
  told.which = static_cast<std::uint8_t>(in.number(1));
  told.anchor = {in.number(8), in.number(8), in.number(8), 0};
  told.store_inode = in.number(8);
  told.counters = in.number(8);
  told.generation = in.number(8);
  if (!in.is_good() || !in.is_at_end() || told.which > 1 || told.generation > max_generation)
    return std::nullopt;
  return told;
}

std::string store_anchor::compare(const description& with) const {
  if (with.machine != machine_) return "they were written on another machine";
  const auto anchor = look_at(path_of(with.which));
  if (anchor.trouble != 0) return "the anchor cannot be looked at: " + store::reason_of(anchor.trouble);
  if (with.anchor == file{} || with.anchor != anchor) return "the state directory was copied or put back";
  const auto rows = store_file();
  if (rows.trouble != 0)
    return "the file of the store cannot be looked at: " + store::reason_of(rows.trouble);
  if (with.store_inode != rows.inode) return "the file of the store is another one";
  // Without a counter file there was nothing to compare with.
  if (with.counters != 0 && counters_.identity() == 0)
    return "the counter file cannot be used: " + counters_.trouble();
  if (with.counters != 0 && with.counters != counters_.identity())
    return "the counter file is another one, or was damaged";
  if (counters_.found_generation().value_or(0) > with.generation)
    return "the store is older than the counter file";
  return {};
}

store_anchor::verdict store_anchor::judge(std::optional<bytes_view> row) {
  const auto told = row ? parse(*row) : std::nullopt;
  const auto noted = std::min(counters_.found_generation().value_or(0), max_generation);
  if (!told) return {"they have no anchor", noted};
  if (!is_made_) which_ = told->which;
  return {compare(*told), std::max(told->generation, noted)};
}

// Under the name that the row does not tell: until the new row is on the disk, the old one has to be right.
void store_anchor::make_file() {
  is_made_ = true;
  const auto other = static_cast<std::uint8_t>(1 - which_);
  const auto path = path_of(other);
  ::unlink(path.c_str());
  const auto made = store::make_private_file(path);
  if (!made || ::fsync(made.value()) != 0 || store::sync_directory(directory_) != 0) return;
  which_ = other;
}

void store_anchor::prepare() {
  if (!is_made_) make_file();
}

void store_anchor::written() {
  if (!is_made_ || std::exchange(is_other_gone_, true)) return;
  ::unlink(path_of(static_cast<std::uint8_t>(1 - which_)).c_str());
}

secret store_anchor::content(std::uint64_t generation) {
  prepare();
  const auto anchor = look_at(path_of(which_));
  row_codec::writer out(row_bytes);
  out.number(format_version, 1);
  out.raw(machine_);
  out.number(which_, 1);
  out.number(anchor.inode, 8);
  out.number(anchor.changed_s, 8);
  out.number(anchor.changed_ns, 8);
  out.number(store_file().inode, 8);
  out.number(counters_.identity(), 8);
  out.number(generation, 8);
  return secret(out.take());
}

}  // namespace tlsmodem

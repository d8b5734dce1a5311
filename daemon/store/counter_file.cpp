#include "counter_file.hpp"

#include "files.hpp"
#include "protocol/hex.hpp"
#include "random.hpp"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <iterator>
#include <span>

namespace tlsmodem {
namespace {

constexpr std::uint64_t magic = 0x746c736d636e7472;  // "tlsmcntr"
constexpr std::uint64_t format_version = 2;
constexpr std::size_t boot_digits = 32;
constexpr std::size_t boot_words = boot_digits / sizeof(std::uint64_t);
constexpr std::size_t header_words = 4 + boot_words + 1;
constexpr std::uint64_t id_of_generation = 0x67656e6572617465;

// Tells a copy that was being written from a whole one; nobody has to be kept from forging it.
std::uint64_t check(std::span<const std::uint64_t> words) {
  std::uint64_t sum = 0x9e3779b97f4a7c15;
  for (const auto word : words) {
    sum = (sum ^ word) * 0xbf58476d1ce4e5b9;
    sum = (std::rotl(sum, 29) ^ sum >> 32) * 0x94d049bb133111eb;
  }
  return sum ^ sum >> 31;
}

// The kernel tells a boot with hyphens, systemd without.
bool is_hex_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

std::vector<std::uint64_t> header_of(std::uint64_t id, std::uint64_t era, std::string_view boot) {
  std::vector<std::uint64_t> words(header_words);
  words[0] = magic;
  words[1] = format_version;
  words[2] = id;
  words[3] = era;
  std::memcpy(&words[4], boot.data(), std::min(boot.size(), boot_words * sizeof(std::uint64_t)));
  words.back() = check(std::span(words).first(header_words - 1));
  return words;
}

// Each word once, and in this order as far as this process goes: it may end behind any of them.
void put(std::uint64_t* at, std::uint64_t value) {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  std::atomic_ref(*at).store(value, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

void put_all(std::uint64_t* at, std::span<const std::uint64_t> words) {
  for (const auto word : words) put(at++, word);
}

int allocate(int file, std::size_t from, std::size_t size) {
  int number = 0;
  do number = ::posix_fallocate(file, static_cast<off_t>(from), static_cast<off_t>(size));
  while (number == EINTR);
  return number;
}

// On btrfs, what was allocated is not written in place otherwise, and a full disk could be a SIGBUS again.
void write_in_place(int file) {
  int flags = 0;
  if (::ioctl(file, FS_IOC_GETFLAGS, &flags) != 0) return;
  flags |= FS_NOCOW_FL;
  static_cast<void>(::ioctl(file, FS_IOC_SETFLAGS, &flags));
}

bool is_ours(int file) {
  struct stat status {};
  return ::fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == ::geteuid() &&
         status.st_nlink == 1 && ((status.st_mode & 077) == 0 || ::fchmod(file, 0600) == 0);
}

}  // namespace

std::string counter_file::this_boot(const std::string& told_in, const char* told_too) {
  std::array<char, 64> text{};
  const unique_fd file(::open(told_in.c_str(), O_RDONLY | O_CLOEXEC));
  const auto got = file ? ::read(file.value(), text.data(), text.size()) : 0;
  std::string_view told(text.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (told.empty() && told_too != nullptr) told = told_too;
  std::string boot;
  std::copy_if(told.begin(), told.end(), std::back_inserter(boot), is_hex_digit);
  if (boot.size() == boot_digits) return boot;
  std::array<unsigned char, boot_digits / 2> random{};
  store::fill_randomly(random);
  return lower_hex(random);
}

counter_file::counter_file(const std::string& directory, std::string_view boot) {
  if (!open_file(directory + "/" + std::string(name))) return;
  struct stat status {};
  if (::fstat(file_.value(), &status) != 0) {
    trouble_ = store::reason_of(errno);
    return;
  }
  const auto found_chunks =
      std::clamp(static_cast<std::size_t>(status.st_size) / chunk_bytes, std::size_t{1}, max_chunks);
  while (chunks_.size() < found_chunks && grow()) {
  }
  if (chunks_.empty()) return;
  const auto id = take_over(boot);
  // Only what is on the disk is still there when the machine has died.
  if (::fsync(file_.value()) == 0)
    identity_ = id ^ status.st_ino;
  else
    trouble_ = store::reason_of(errno);
}

counter_file::~counter_file() {
  for (auto* chunk : chunks_) ::munmap(chunk, chunk_bytes);
}

bool counter_file::open_file(const std::string& path) {
  constexpr int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  file_ = unique_fd(::open(path.c_str(), flags));
  if (file_ && is_ours(file_.value())) return true;
  if (!file_ && errno != ENOENT && errno != ELOOP) {
    trouble_ = store::reason_of(errno);
    return false;
  }
  // Whatever has the name, it is not what we made. Only the name is taken from it.
  ::unlink(path.c_str());
  file_ = unique_fd(::open(path.c_str(), flags | O_CREAT | O_EXCL, 0600));
  if (file_ && ::fchmod(file_.value(), 0600) != 0) file_ = {};
  if (!file_) {
    trouble_ = store::reason_of(errno);
    return false;
  }
  write_in_place(file_.value());
  // Its name is to be there after a power cut: a store without its counter file counts as a copy.
  static_cast<void>(store::sync_directory(path.substr(0, path.rfind('/'))));
  return true;
}

bool counter_file::grow() {
  if (!file_ || chunks_.size() == max_chunks) return false;
  const auto from = chunks_.size() * chunk_bytes;
  if (const int number = allocate(file_.value(), from, chunk_bytes); number != 0) {
    trouble_ = store::reason_of(number);
    return false;
  }
  void* const at = ::mmap(nullptr, chunk_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_.value(),
                          static_cast<off_t>(from));
  if (at == MAP_FAILED) {
    trouble_ = store::reason_of(errno);
    return false;
  }
  chunks_.push_back(at);
  slots_.resize(chunks_.size() * chunk_bytes / slot_bytes);
  return true;
}

// The number that was made with what is in it.
std::uint64_t counter_file::take_over(std::string_view boot) {
  std::vector<std::uint64_t> found(header_words);
  std::copy_n(words_at(0), header_words, found.begin());
  const bool is_whole = found[0] == magic && found[1] == format_version &&
                        found.back() == check(std::span(found).first(header_words - 1));
  const auto kept = is_whole ? newest(generation_slot, id_of_generation) : std::nullopt;
  if (kept) {
    found_generation_ = kept->counters.write_next;
    slots_[generation_slot].serial = kept->serial;
  }
  const auto id = kept ? found[2] : store::random_number();
  era_ = found[3];
  if (kept && found == header_of(id, era_, boot)) return id;
  era_ = store::random_number();
  begin_anew(header_of(id, era_, boot));
  return id;
}

// The header last: a process that dies before it leaves a file of another boot.
void counter_file::begin_anew(const std::vector<std::uint64_t>& header) {
  for (auto slot = generation_slot + 1; slot < slots_.size(); ++slot) clear(slot);
  if (!found_generation_) {
    clear(generation_slot);
    set_generation(0);
  }
  put_all(words_at(0), header);
}

std::uint64_t* counter_file::words_at(std::size_t offset) const {
  auto* const chunk = static_cast<std::byte*>(chunks_[offset / chunk_bytes]);
  return reinterpret_cast<std::uint64_t*>(chunk + offset % chunk_bytes);
}

std::uint64_t* counter_file::copy_of(std::uint32_t slot, std::uint64_t serial) const {
  return words_at(slot * slot_bytes) + (serial & 1) * copy_words;
}

bool counter_file::is_slot(std::uint32_t slot) const {
  return slot > generation_slot && slot < slots_.size();
}

void counter_file::clear(std::uint32_t slot) {
  for (std::size_t i = 0; i < 2 * copy_words; ++i) put(words_at(slot * slot_bytes) + i, 0);
  slots_[slot].serial = 0;
}

std::optional<counter_file::copy> counter_file::newest(std::uint32_t slot, std::uint64_t id) const {
  std::optional<copy> best;
  for (std::uint64_t which = 0; which < 2; ++which) {
    std::array<std::uint64_t, 6> words{};
    std::copy_n(copy_of(slot, which), words.size(), words.begin());
    const bool is_whole = words[0] == id && (words[1] & 1) == which &&
                          words[5] == check(std::span(words).first(5)) && words[1] != 0;
    if (is_whole && (!best || words[1] > best->serial))
      best = copy{words[1], {words[2], dtls12::replay_window(words[3], words[4])}};
  }
  return best;
}

void counter_file::write(std::uint32_t slot, std::uint64_t id, const dtls12::sequence_counters& counters) {
  const auto serial = ++slots_[slot].serial;
  std::array<std::uint64_t, 6> words{
      id, serial, counters.write_next, counters.received.next(), counters.received.bits(), 0};
  words.back() = check(std::span(words).first(5));
  put_all(copy_of(slot, serial), words);
}

void counter_file::set_generation(std::uint64_t generation) {
  if (chunks_.empty()) return;
  write(generation_slot, id_of_generation, {generation, {}});
}

std::optional<dtls12::sequence_counters> counter_file::claim(std::uint32_t slot, std::uint64_t id) {
  if (!is_slot(slot) || slots_[slot].is_used) return std::nullopt;
  const auto found = newest(slot, id);
  if (!found) return std::nullopt;
  slots_[slot] = {true, found->serial};
  return found->counters;
}

std::uint32_t counter_file::acquire() {
  if (chunks_.empty()) return no_slot;
  while (next_free_ < slots_.size() && slots_[next_free_].is_used) ++next_free_;
  if (next_free_ == slots_.size() && !grow()) return no_slot;
  clear(next_free_);
  slots_[next_free_].is_used = true;
  return next_free_++;
}

void counter_file::release(std::uint32_t slot) {
  clear(slot);
  slots_[slot].is_used = false;
  next_free_ = std::min(next_free_, slot);
}

}  // namespace tlsmodem

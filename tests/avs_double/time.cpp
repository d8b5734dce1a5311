#include <array>
#include <avsystem/commons/avs_time.h>
#include <cstddef>
#include <cstdint>
#include <tuple>

namespace {

constexpr std::int32_t second = 1'000'000'000;

// A unit is so many seconds, or a second is so many units.
struct scale {
  std::int64_t seconds;
  std::int64_t per_second;
};

constexpr std::array<scale, AVS_TIME_NS + 1> scales{
    {{86'400, 1}, {3'600, 1}, {60, 1}, {1, 1}, {1, 1'000}, {1, 1'000'000}, {1, second}}};

const scale* scale_of(avs_time_unit_t unit) {
  auto index = static_cast<std::size_t>(unit);
  return index < scales.size() ? &scales[index] : nullptr;
}

auto parts(const avs_time_duration_t& duration) { return std::tie(duration.seconds, duration.nanoseconds); }

}  // namespace

const avs_time_duration_t AVS_TIME_DURATION_ZERO = {0, 0};
const avs_time_duration_t AVS_TIME_DURATION_INVALID = {0, -1};

bool avs_time_duration_valid(avs_time_duration_t t) { return t.nanoseconds >= 0 && t.nanoseconds < second; }

bool avs_time_duration_equal(avs_time_duration_t a, avs_time_duration_t b) {
  return avs_time_duration_valid(a) && avs_time_duration_valid(b) && parts(a) == parts(b);
}

bool avs_time_duration_less(avs_time_duration_t a, avs_time_duration_t b) {
  return avs_time_duration_valid(a) && avs_time_duration_valid(b) && parts(a) < parts(b);
}

avs_time_duration_t avs_time_duration_from_scalar(int64_t value, avs_time_unit_t unit) {
  const auto* known = scale_of(unit);
  if (!known) return AVS_TIME_DURATION_INVALID;
  const auto& [seconds, per_second] = *known;
  auto whole = value / per_second;
  auto rest = value % per_second;
  if (rest < 0) {
    whole -= 1;
    rest += per_second;
  }
  avs_time_duration_t made{0, static_cast<std::int32_t>(rest * (second / per_second))};
  return __builtin_mul_overflow(whole, seconds, &made.seconds) ? AVS_TIME_DURATION_INVALID : made;
}

int avs_time_duration_to_scalar(int64_t* out, avs_time_unit_t unit, avs_time_duration_t value) {
  const auto* known = scale_of(unit);
  if (!known || !avs_time_duration_valid(value)) return -1;
  const auto& [seconds, per_second] = *known;
  // Towards zero, which needs both parts of one sign.
  if (value.seconds < 0 && value.nanoseconds > 0) {
    value.seconds += 1;
    value.nanoseconds -= second;
  }
  std::int64_t count = 0;
  if (__builtin_mul_overflow(value.seconds / seconds, per_second, &count)) return -1;
  auto rest = per_second == 1 ? 0 : value.nanoseconds / (second / per_second);
  return __builtin_add_overflow(count, rest, out) ? -1 : 0;
}

#pragma once

#include <cstdint>
#include <limits>
#include <optional>

namespace reelhouse::warehouse::postgresql {

// The engine counts days and microseconds from 1970-01-01, PostgreSQL from 2000-01-01. The engine's
// infinities are the largest value and its negative, PostgreSQL's the largest and the smallest.
inline constexpr int32_t kEpochDays = 10957;
inline constexpr int64_t kEpochMicros = 946'684'800'000'000;
inline constexpr int32_t kFirstDay = -2'451'545;    ///< 4714-11-24 BC, counted from 2000
inline constexpr int32_t kLastDay = 2'145'031'948;  ///< 5874897-12-31
inline constexpr int64_t kFirstMicro = -211'813'488'000'000'000;
inline constexpr int64_t kEndMicro = 9'223'371'331'200'000'000;  ///< 294277-01-01

/// Turn the engine's value into PostgreSQL's; nothing when it is out of its range.
inline std::optional<int32_t> outward_days(int32_t days) {
  constexpr int32_t kInfinity = std::numeric_limits<int32_t>::max();
  if (days == kInfinity) return kInfinity;
  if (days == -kInfinity) return std::numeric_limits<int32_t>::min();
  const int64_t moved = int64_t{days} - kEpochDays;
  if (moved < kFirstDay || moved > kLastDay) return std::nullopt;
  return static_cast<int32_t>(moved);
}
inline std::optional<int64_t> outward_micros(int64_t micros) {
  constexpr int64_t kInfinity = std::numeric_limits<int64_t>::max();
  if (micros == kInfinity) return kInfinity;
  if (micros == -kInfinity) return std::numeric_limits<int64_t>::min();
  if (micros < kFirstMicro + kEpochMicros) return std::nullopt;
  const int64_t moved = micros - kEpochMicros;
  if (moved >= kEndMicro) return std::nullopt;
  return moved;
}

/// Turn PostgreSQL's value into the engine's; nothing when it is out of its range.
inline std::optional<int32_t> inward_days(int32_t days) {
  constexpr int32_t kInfinity = std::numeric_limits<int32_t>::max();
  if (days == kInfinity) return kInfinity;
  if (days == std::numeric_limits<int32_t>::min()) return -kInfinity;
  return days + kEpochDays;
}
inline std::optional<int64_t> inward_micros(int64_t micros) {
  constexpr int64_t kInfinity = std::numeric_limits<int64_t>::max();
  if (micros == kInfinity) return kInfinity;
  if (micros == std::numeric_limits<int64_t>::min()) return -kInfinity;
  if (micros > kInfinity - 1 - kEpochMicros) return std::nullopt;
  return micros + kEpochMicros;
}

}  // namespace reelhouse::warehouse::postgresql

#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>

namespace reelhouse::warehouse::postgresql {

/// Turns between this machine's order of bytes and the network's.
constexpr uint16_t turned(uint16_t value) {
  return std::endian::native == std::endian::big ? value : __builtin_bswap16(value);
}
constexpr uint32_t turned(uint32_t value) {
  return std::endian::native == std::endian::big ? value : __builtin_bswap32(value);
}
constexpr uint64_t turned(uint64_t value) {
  return std::endian::native == std::endian::big ? value : __builtin_bswap64(value);
}

/// Append an integer in the network's order.
template <typename T>
void append_turned(std::string& bytes, T value) {
  value = turned(value);
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}
inline void append_16(std::string& bytes, uint16_t value) {
  append_turned(bytes, value);
}
inline void append_32(std::string& bytes, uint32_t value) {
  append_turned(bytes, value);
}
inline void append_64(std::string& bytes, uint64_t value) {
  append_turned(bytes, value);
}

/// Read an integer in the network's order.
template <typename T>
T read_turned(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return turned(value);
}
inline uint16_t read_16(const char* bytes) {
  return read_turned<uint16_t>(bytes);
}
inline uint32_t read_32(const char* bytes) {
  return read_turned<uint32_t>(bytes);
}
inline uint64_t read_64(const char* bytes) {
  return read_turned<uint64_t>(bytes);
}

}  // namespace reelhouse::warehouse::postgresql

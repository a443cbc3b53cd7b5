#include "warehouse/postgresql/names.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/hash.hpp"

namespace reelhouse::warehouse::postgresql {
namespace {

constexpr size_t kLongestSchema = 40;
constexpr size_t kLongest = 63;
constexpr size_t kPrint = 12;
constexpr int kHexadecimal = 16;

/// Cuts text to `size` bytes without splitting a character.
std::string cut(const std::string& text, size_t size) {
  if (text.size() <= size) return text;
  constexpr unsigned char kContinues = 0x80;
  constexpr unsigned char kMask = 0xC0;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & kMask) == kContinues) --size;
  return text.substr(0, size);
}

}  // namespace

std::string Names::version(int number) const {
  return fmt::format("{}_v{:06}", fixed, number);
}

int64_t Names::lock() const {
  const std::string digits = sha256("reelhouse publish " + fixed).substr(0, 15);
  return std::strtoll(digits.c_str(), nullptr, kHexadecimal);
}

Result<Names> make_names(const WarehouseOptions& options) {
  const std::string& schema = options.schema;
  const bool plain = !schema.empty() && schema.size() <= kLongestSchema && !schema.starts_with("pg_") &&
                     schema.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos &&
                     schema.find_first_of("0123456789") != 0;
  if (!plain)
    return fail(ErrorKind::kUsage, fmt::format("warehouse_schema: '{}' cannot be a schema's name", schema),
                "Use lower case letters, digits and '_', 40 at most, not beginning with a digit or pg_.");
  return Names{schema, options.reader.empty() ? schema + "_reader" : options.reader};
}

std::string data_name(const PublishedTable& table) {
  std::string layout = fmt::format("{} {}", table.fingerprint, table.rows);
  for (const auto& column : table.primary_key) layout += " " + column;
  return cut(table.name, kLongest - kPrint - 2) + "__" + sha256(layout).substr(0, kPrint);
}

std::string object_name(const std::string& kind, const std::string& on, const std::string& told_apart_by) {
  constexpr size_t kShort = 8;
  return fmt::format("{}_{}__{}", kind, cut(on, kLongest - kind.size() - kShort - 3),
                     sha256(told_apart_by).substr(0, kShort));
}

}  // namespace reelhouse::warehouse::postgresql

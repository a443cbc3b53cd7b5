#include "lake/s3/location.hpp"

#include <algorithm>

namespace reelhouse::lake::s3 {
namespace {

bool is_bucket_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 255) return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
}

}  // namespace

std::string Location::name_of(std::string_view full_key) const {
  return "s3://" + bucket + (full_key.empty() ? "" : "/") + std::string(full_key);
}

Result<Location> parse_location(const std::string& text) {
  const std::string rest = text.substr(text.starts_with("s3://") ? 5 : 0);
  const size_t slash = std::min(rest.find('/'), rest.size());
  Location location{rest.substr(0, slash), slash < rest.size() ? rest.substr(slash + 1) : ""};
  if (location.bucket.find('@') != std::string::npos)
    return fail(ErrorKind::kUsage, "the lake's location holds a user name or a password",
                "Write s3://bucket/prefix; credentials belong into AWS's own variables or files.");
  if (!is_bucket_name(location.bucket))
    return fail(ErrorKind::kUsage, "the lake's location names no bucket",
                "Write s3://bucket or s3://bucket/prefix; a bucket's name has 3 or more letters, digits, "
                "dots, hyphens.");
  while (location.prefix.ends_with('/')) location.prefix.pop_back();
  if (location.prefix.starts_with('/'))
    return fail(ErrorKind::kUsage, "the lake's prefix begins with '/'", "Write s3://bucket/prefix.",
                location.name_of(location.prefix));
  if (!location.prefix.empty()) location.prefix += '/';
  return location;
}

}  // namespace reelhouse::lake::s3

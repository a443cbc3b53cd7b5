#include "lake/s3/settings.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/text.hpp"

namespace reelhouse::lake::s3 {
namespace {

std::string setting(const Profile* profile, const std::string& name) {
  if (profile == nullptr) return "";
  const auto found = profile->find(name);
  return found == profile->end() ? "" : found->second;
}

/// True when a bucket's name can be the first label of a host whose certificate covers one label.
bool fits_a_host(const std::string& bucket, bool secure) {
  if (bucket.size() > 63) return false;
  return std::ranges::all_of(bucket, [secure](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || (c == '.' && !secure);
  });
}

bool is_true(const std::string& value) {
  return lower(value) == "true" || value == "1";
}

Result<Milliseconds> stall_time(const Environment& environment, Milliseconds usual) {
  const std::string text = environment("REELHOUSE_S3_STALL_SECONDS");
  if (text.empty()) return usual;
  int seconds = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (code != std::errc() || end != text.data() + text.size() || seconds < 1 || seconds > 3600)
    return fail(ErrorKind::kUsage, "REELHOUSE_S3_STALL_SECONDS is no whole number from 1 to 3600",
                "It says after how many seconds without a byte a transfer is tried again.");
  return Milliseconds(seconds * 1000);
}

/// Reads a size as AWS's tools write it, "64MB" or bytes, within what S3 takes.
Result<uint64_t> size_in(const Profile* profile, const std::string& name, uint64_t usual) {
  constexpr uint64_t kLeast = 5ULL << 20U;  // S3 takes no smaller part but the last
  constexpr uint64_t kMost = 5ULL << 30U;
  const std::string text = setting(profile, name);
  if (text.empty()) return usual;
  uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit = upper({end, text.data() + text.size()});
  const unsigned shift = unit == "KB" || unit == "KIB"   ? 10U
                         : unit == "MB" || unit == "MIB" ? 20U
                         : unit == "GB" || unit == "GIB" ? 30U
                                                         : 0U;
  const bool known = code == std::errc() && (unit.empty() || shift > 0) && number <= kMost;
  if (!known)
    return fail(ErrorKind::kUsage, fmt::format("{} in the AWS profile is no size: '{}'", name, text),
                "Write it as 64MB, or as a number of bytes.");
  return std::clamp(number << shift, kLeast, kMost);
}

}  // namespace

Endpoint aws_endpoint(const std::string& service, const std::string& region) {
  const char* domain = region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com";
  return {"https", service + "." + region + domain, ""};
}

std::string configured_region(const Environment& environment, const ProfileFiles& files) {
  for (const char* variable : {"AWS_REGION", "AWS_DEFAULT_REGION"})
    if (std::string named = environment(variable); !named.empty()) return named;
  return setting(files.find(chosen_profile(environment)), "region");
}

Result<Endpoint> configured_endpoint(const std::string& service, const Environment& environment,
                                     const ProfileFiles& files) {
  if (is_true(environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"))) return Endpoint();
  for (const std::string& variable : {"AWS_ENDPOINT_URL_" + upper(service), std::string("AWS_ENDPOINT_URL")})
    if (const std::string url = environment(variable); !url.empty()) return parse_endpoint(url, variable);
  const std::string name = chosen_profile(environment);
  const Profile* profile = files.find(name);
  const auto services = files.services.find(setting(profile, "services"));
  std::string url;
  if (services != files.services.end()) url = setting(&services->second, service + ".endpoint_url");
  if (url.empty()) url = setting(profile, service + ".endpoint_url");
  if (url.empty()) url = setting(profile, "endpoint_url");
  if (url.empty()) return Endpoint();
  return parse_endpoint(url, fmt::format("the AWS profile '{}'", name));
}

Result<S3Settings> load_settings(const Environment& environment, const ProfileFiles& files,
                                 const std::string& bucket) {
  S3Settings settings;
  const Profile* profile = files.find(chosen_profile(environment));
  if (const std::string region = configured_region(environment, files); !region.empty())
    settings.region = region;
  const bool plausible = std::ranges::all_of(
      settings.region, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-'; });
  if (!plausible)
    return fail(ErrorKind::kUsage, "the AWS region that is set is no region's name",
                "Set AWS_REGION to one such as eu-west-1.");
  RH_ASSIGN(settings.endpoint, configured_endpoint("s3", environment, files));
  settings.is_aws = settings.endpoint.host.empty();
  if (settings.is_aws) settings.endpoint = aws_endpoint("s3", settings.region);

  std::string style = environment("AWS_S3_ADDRESSING_STYLE");
  if (style.empty()) style = setting(profile, "s3.addressing_style");
  if (!style.empty() && style != "auto" && style != "path" && style != "virtual")
    return fail(ErrorKind::kUsage, fmt::format("the S3 addressing style '{}' is not known", style),
                "Set AWS_S3_ADDRESSING_STYLE, or addressing_style in the profile, to auto, path or virtual.");
  const bool fits = fits_a_host(bucket, settings.endpoint.scheme == "https");
  settings.path_style = style == "path" || (style != "virtual" && (!settings.is_aws || !fits));

  settings.ca_bundle = environment("AWS_CA_BUNDLE");
  if (settings.ca_bundle.empty()) settings.ca_bundle = setting(profile, "ca_bundle");
  RH_ASSIGN(settings.parts_from, size_in(profile, "s3.multipart_threshold", settings.parts_from));
  RH_ASSIGN(settings.part_size, size_in(profile, "s3.multipart_chunksize", settings.part_size));
  RH_ASSIGN(settings.retry.stall, stall_time(environment, settings.retry.stall));
  return settings;
}

}  // namespace reelhouse::lake::s3

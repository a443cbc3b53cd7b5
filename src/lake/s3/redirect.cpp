#include "lake/s3/redirect.hpp"

#include <algorithm>
#include <cctype>

namespace reelhouse::lake::s3 {
namespace {

bool is_aws_host(const std::string& host) {
  return host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
}

/// What is behind a host's first label; empty for addresses and for names of two labels or fewer.
std::string parent_domain(const std::string& host) {
  const size_t dot = host.find('.');
  if (dot == std::string::npos || host.starts_with('[')) return "";
  const std::string parent = host.substr(dot + 1);
  const bool is_address = std::isdigit(static_cast<unsigned char>(host.back())) != 0;
  return is_address || parent.find('.') == std::string::npos ? "" : parent;
}

bool is_region(const std::string& text) {
  return std::ranges::all_of(
      text, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-'; });
}

}  // namespace

std::string region_of_host(const std::string& host_name) {
  if (!is_aws_host(host_name)) return "";
  size_t begin = host_name.rfind("s3.");
  if (begin == std::string::npos) begin = host_name.rfind("s3-");
  if (begin == std::string::npos) return "";
  begin += 3;
  std::string label = host_name.substr(begin, host_name.find('.', begin) - begin);
  if (label == "dualstack") {
    begin += label.size() + 1;
    label = host_name.substr(begin, host_name.find('.', begin) - begin);
  }
  return label == "amazonaws" || label.starts_with("external") ? "" : label;
}

bool may_follow(const Endpoint& from, const Endpoint& to) {
  if (from.scheme == "https" && to.scheme != "https") return false;
  const std::string a = from.host_name();
  const std::string b = to.host_name();
  if (a == b || (is_loopback(a) && is_loopback(b))) return true;
  if (is_aws_host(a) || is_aws_host(b)) return is_aws_host(a) && is_aws_host(b);
  const std::string parent = parent_domain(a);
  return !parent.empty() && (parent_domain(b) == parent || b == parent || b.ends_with("." + a));
}

Elsewhere read_redirect(const HttpResponse& answer, const ErrorBody& body, const std::string& bucket) {
  Elsewhere found;
  found.region = answer.header("x-amz-bucket-region");
  if (found.region.empty()) found.region = body.region;
  if (!is_region(found.region)) found.region.clear();
  std::string url = answer.header("location");
  if (url.empty() || url.front() == '/') url = body.endpoint;
  if (url.empty()) return found;
  if (const size_t query = url.find('?'); query != std::string::npos) url.resize(query);
  auto endpoint = parse_endpoint(url, "the redirect");
  if (!endpoint) return found;
  endpoint->path.clear();
  found.path_style = !endpoint->host.starts_with(bucket + ".");
  if (!found.path_style) endpoint->host.erase(0, bucket.size() + 1);
  if (found.region.empty()) found.region = region_of_host(endpoint->host_name());
  const bool whole = url.find("://") != std::string::npos;
  if (whole) found.endpoint = *endpoint;  // the body names a host only; the scheme stays
  return found;
}

}  // namespace reelhouse::lake::s3

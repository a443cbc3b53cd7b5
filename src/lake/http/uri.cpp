#include "lake/http/uri.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace reelhouse::lake {
namespace {

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  return code == std::errc() && end == text.data() + text.size() && port > 0 && port < 65536;
}

}  // namespace

std::string uri_encode(std::string_view text, bool keep_slash) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || (keep_slash && c == '/')) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
  }
  return out;
}

std::string uri_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr == text.data() + i + 3) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string encode_query(const Pairs& query) {
  Pairs encoded;
  for (const auto& [name, value] : query) encoded.emplace_back(uri_encode(name), uri_encode(value));
  std::ranges::sort(encoded);
  std::string out;
  for (const auto& [name, value] : encoded) out += (out.empty() ? "" : "&") + name + "=" + value;
  return out;
}

std::string Endpoint::host_name() const {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

Result<Endpoint> parse_endpoint(const std::string& url, const std::string& set_by) {
  const auto wrong = [&](const std::string& why) {
    return fail(ErrorKind::kUsage, fmt::format("the endpoint that {} names {}", set_by, why),
                "Write it as https://host or http://host:port.");
  };
  Endpoint endpoint;
  const size_t scheme = url.find("://");
  endpoint.scheme = scheme == std::string::npos ? "https" : lower(url.substr(0, scheme));
  if (endpoint.scheme != "https" && endpoint.scheme != "http") return wrong("is neither http nor https");
  const std::string rest = scheme == std::string::npos ? url : url.substr(scheme + 3);
  const size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  endpoint.host = lower(rest.substr(0, slash));
  endpoint.path = rest.substr(slash);
  if (endpoint.host.find('@') != std::string::npos) return wrong("holds a user name or a password");
  if (endpoint.path.find_first_of("?#") != std::string::npos) return wrong("has a query");
  while (endpoint.path.ends_with('/')) endpoint.path.pop_back();
  const size_t bracket = endpoint.host.find(']');
  const size_t colon = endpoint.host.find(':', bracket == std::string::npos ? 0 : bracket);
  if (colon != std::string::npos) {
    const std::string port = endpoint.host.substr(colon + 1);
    if (!is_port(port)) return wrong("has a port that is no number from 1 to 65535");
    const bool usual = port == (endpoint.scheme == "https" ? "443" : "80");
    if (usual) endpoint.host.resize(colon);
  }
  const std::string name = endpoint.host_name();
  const bool plausible =
      std::ranges::all_of(name, [](char c) { return is_unreserved(c) || c == '[' || c == ']' || c == ':'; });
  if (name.empty() || !plausible) return wrong("has no valid host name");
  return endpoint;
}

bool is_loopback(std::string_view host_name) {
  return host_name == "localhost" || host_name == "[::1]" || host_name.starts_with("127.");
}

}  // namespace reelhouse::lake

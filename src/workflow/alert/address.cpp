#include "workflow/alert/address.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace reelhouse::workflow {
namespace {

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK || text == nullptr) return "";
  std::string found = text;
  curl_free(text);
  return found;
}

bool is_plain(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string problem_of(const std::string& url, const char* plain, const char* secure) {
  const Address address = parse_address(url);
  if (address.scheme != plain && address.scheme != secure)
    return std::string("what stands here is neither ") + secure + ":// nor " + plain + "://";
  if (address.has_user) return "the address holds a user name or a password";
  return "";
}

}  // namespace

bool Address::is_loopback() const {
  return host == "localhost" || host == "::1" || host.ends_with(".localhost") ||
         (host.starts_with("127.") &&
          std::ranges::all_of(host, [](char c) { return c == '.' || (c >= '0' && c <= '9'); }));
}

Address parse_address(const std::string& url) {
  Address address;
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> handle(curl_url(), &curl_url_cleanup);
  if (!handle || !is_plain(url) || url.find("://") == std::string::npos ||
      curl_url_set(handle.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
    return address;
  address.scheme = part_of(handle.get(), CURLUPART_SCHEME);
  address.host = part_of(handle.get(), CURLUPART_HOST);
  if (address.host.starts_with('[')) address.host = address.host.substr(1, address.host.size() - 2);
  address.has_user =
      !part_of(handle.get(), CURLUPART_USER).empty() || !part_of(handle.get(), CURLUPART_PASSWORD).empty();
  const std::string path = part_of(handle.get(), CURLUPART_PATH);
  address.has_path = (!path.empty() && path != "/") || url.find_first_of("?#") != std::string::npos;
  return address;
}

std::string problem_of_webhook(const std::string& url) {
  return problem_of(url, "http", "https");
}

std::string problem_of_mail_server(const std::string& url) {
  if (auto wrong = problem_of(url, "smtp", "smtps"); !wrong.empty()) return wrong;
  return parse_address(url).has_path ? "a mail server's address ends with its host or port" : "";
}

bool is_mail_address(const std::string& text) {
  constexpr std::string_view kForbidden = "<>()[],;:\\\"";
  const size_t at = text.find('@');
  return is_plain(text) && text.size() <= 254 && at != std::string::npos && at > 0 && at + 1 < text.size() &&
         text.find('@', at + 1) == std::string::npos && text.find_first_of(kForbidden) == std::string::npos &&
         text.front() != '-';
}

}  // namespace reelhouse::workflow

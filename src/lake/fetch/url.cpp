#include "lake/fetch/url.hpp"

#include <curl/curl.h>

#include <memory>

#include "base/text.hpp"

namespace reelhouse::lake {
namespace {

using Handle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

/// Reads one part; empty when there is none.
std::string part_of(const Handle& url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK || text == nullptr) return "";
  std::string value = text;
  curl_free(text);
  return value;
}

Url read(const Handle& url) {
  Url result;
  for (const CURLUPart secret : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_FRAGMENT})
    curl_url_set(url.get(), secret, nullptr, 0);
  const std::string scheme = part_of(url, CURLUPART_SCHEME);
  const std::string path = part_of(url, CURLUPART_PATH);
  result.text = part_of(url, CURLUPART_URL);
  const std::string host = lower(part_of(url, CURLUPART_HOST));
  result.origin = fmt::format("{}://{}:{}", scheme, host, part_of(url, CURLUPART_PORT, CURLU_DEFAULT_PORT));
  result.display = result.text.substr(0, result.text.find('?'));
  const std::string decoded = part_of(url, CURLUPART_PATH, CURLU_URLDECODE);
  result.last_part = decoded.substr(decoded.rfind('/') + 1);
  result.secure = scheme == "https";
  return result;
}

bool is_web(const Handle& url) {
  const std::string scheme = part_of(url, CURLUPART_SCHEME);
  return (scheme == "http" || scheme == "https") && !part_of(url, CURLUPART_HOST).empty();
}

}  // namespace

Result<Url> parse_url(const std::string& text) {
  const Handle url(curl_url(), &curl_url_cleanup);
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
      !is_web(url))
    return fail(ErrorKind::kUsage, "a file is fetched by an address that begins with https:// or http://",
                "Write the address whole; blanks in it are %20.");
  if (!part_of(url, CURLUPART_USER).empty() || !part_of(url, CURLUPART_PASSWORD).empty())
    return fail(ErrorKind::kUsage, "an address holds a user name or password",
                "Put them into variables and name those with user: and password:.");
  return read(url);
}

Result<Url> redirected(const Url& from, const std::string& location) {
  const Handle url(curl_url(), &curl_url_cleanup);
  curl_url_set(url.get(), CURLUPART_URL, from.text.c_str(), 0);
  const bool read_it = !location.empty() && curl_url_set(url.get(), CURLUPART_URL, location.c_str(),
                                                         CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;
  if (!read_it || !is_web(url))
    return fail(ErrorKind::kUnavailable, "the server redirects to what is no http or https address",
                "Open the address in a browser, and put the one that it ends at into the source.",
                from.display);
  Url to = read(url);
  if (from.secure && !to.secure)
    return fail(ErrorKind::kUnavailable,
                "the server redirects from https to http, where anybody could change the file",
                "Put the https address of the file into the source.", from.display);
  return to;
}

}  // namespace reelhouse::lake

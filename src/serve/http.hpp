#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "serve/pieces.hpp"

namespace reelhouse::serve {

/// One request, decoded.
struct Request {
  std::string method;                             ///< GET, HEAD, POST, ...
  std::string path;                               ///< percent-decoded, without the query
  std::map<std::string, std::string> parameters;  ///< of the query, decoded; of a name given twice, the last
  std::map<std::string, std::string> headers;     ///< names in lower case
  std::string body;
  std::string peer;         ///< address of the client, without its port
  uint64_t connection = 0;  ///< number of the connection

  /// Returns a header ("" when absent); the name in lower case.
  const std::string& header(const std::string& name) const;
  const std::string& parameter(const std::string& name) const;
  bool is_read() const { return method == "GET" || method == "HEAD"; }
};

struct Response {
  int status = 200;
  std::string type;  ///< media type; empty = no Content-Type
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string_view fixed;          ///< a body that lives as long as the program, instead of `body`
  bool events = false;             ///< stays open; `body` is the first of the events
  std::shared_ptr<Pieces> pieces;  ///< a body that is sent while it is made, instead of `body`
  size_t questions = 0;            ///< how many it answers, for the access log; 0 = it is none of that kind

  std::string_view content() const { return fixed.empty() ? std::string_view(body) : fixed; }
  void set(std::string name, std::string value) { headers.emplace_back(std::move(name), std::move(value)); }
};

/// Tells the work behind a request that nobody waits for its answer any more. Thread-safe.
class Cancel {
 public:
  /// Calls the hook, if there is one; later hooks are called when they are set.
  void cancel();
  bool cancelled() const { return cancelled_; }
  /// Calls the hook again if this is cancelled and its work goes on: a statement that had not begun
  /// when it was interrupted.
  void nudge();
  /// Sets what stops the work; an empty one ends that: it is not called after this returns.
  void set_hook(std::function<void()> hook);

 private:
  std::atomic<bool> cancelled_ = false;
  std::mutex mutex_;
  std::function<void()> hook_;
};

/// Answers a request: at once or later, from any thread, exactly once.
using Respond = std::function<void(Response)>;
using Handler = std::function<void(Request, std::shared_ptr<Cancel>, Respond)>;

/// Decodes %XX (and '+' as a blank where `plus`). False for a broken escape.
bool decode_percent(std::string_view text, bool plus, std::string& decoded);
/// Reads "a=1&b=2". False for a broken escape.
bool parse_form(std::string_view text, std::map<std::string, std::string>& values);
/// Reads one cookie of a Cookie header; "" when it is not there.
std::string cookie(std::string_view header, std::string_view name);
/// True when an Accept-Encoding header allows the encoding ("gzip", "br").
bool accepts_encoding(std::string_view header, std::string_view encoding);
/// True when an If-None-Match header names the tag (weak comparison, RFC 9110 13.1.2).
bool matches_etag(std::string_view header, std::string_view etag);
/// Names a status for the first line ("Not Found").
std::string_view reason_of(int status);

/// Reads JSON that came from outside. Errors: kUsage (no JSON; nested deeper than 40).
Result<Json> parse_json(std::string_view text);
/// The HTTP status of a kind of error.
int status_of(ErrorKind kind);
Response json_response(const Json& json, int status = 200);
/// Renders an error as the API does: {"error": {kind, message, hint, where}}.
Response error_response(const Error& error);
Response error_response(int status, const Error& error);

}  // namespace reelhouse::serve

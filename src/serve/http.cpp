#include "serve/http.hpp"

#include <charconv>

#include "base/text.hpp"

namespace reelhouse::serve {
namespace {

const std::string kNothing;
constexpr int kDeepest = 40;

const std::string& find_or_nothing(const std::map<std::string, std::string>& values,
                                   const std::string& name) {
  const auto found = values.find(name);
  return found == values.end() ? kNothing : found->second;
}

/// Calls `use` with each trimmed part of a list until it returns true; returns whether one did.
template <typename Use>
bool any_part(std::string_view text, char separator, Use use) {
  while (!text.empty()) {
    const size_t end = text.find(separator);
    if (use(trimmed(text.substr(0, end)))) return true;
    if (end == std::string_view::npos) return false;
    text.remove_prefix(end + 1);
  }
  return false;
}

int digit_of(char letter) {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  return -1;
}

bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i];
    if (quoted) {
      if (letter == '\\') ++i;
      if (letter == '"') quoted = false;
    } else if (letter == '"') {
      quoted = true;
    } else if (letter == '[' || letter == '{') {
      if (++depth > kDeepest) return true;
    } else if (letter == ']' || letter == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace

const std::string& Request::header(const std::string& name) const {
  return find_or_nothing(headers, name);
}

const std::string& Request::parameter(const std::string& name) const {
  return find_or_nothing(parameters, name);
}

void Cancel::cancel() {
  cancelled_ = true;
  nudge();
}

void Cancel::nudge() {
  const std::lock_guard lock(mutex_);
  if (cancelled_ && hook_) hook_();
}

void Cancel::set_hook(std::function<void()> hook) {
  const std::lock_guard lock(mutex_);
  hook_ = std::move(hook);
  if (cancelled_ && hook_) hook_();
}

bool decode_percent(std::string_view text, bool plus, std::string& decoded) {
  decoded.clear();
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += plus && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return false;
    const int high = digit_of(text[i + 1]);
    const int low = digit_of(text[i + 2]);
    if (high < 0 || low < 0) return false;
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

bool parse_form(std::string_view text, std::map<std::string, std::string>& values) {
  const bool broken = any_part(text, '&', [&](std::string_view part) {
    if (part.empty()) return false;
    const size_t equals = part.find('=');
    std::string name;
    std::string value;
    if (!decode_percent(part.substr(0, equals), true, name)) return true;
    if (equals != std::string_view::npos && !decode_percent(part.substr(equals + 1), true, value))
      return true;
    values[name] = value;
    return false;
  });
  return !broken;
}

std::string cookie(std::string_view header, std::string_view name) {
  std::string value;
  any_part(header, ';', [&](std::string_view part) {
    if (part.size() <= name.size() || !part.starts_with(name) || part[name.size()] != '=') return false;
    value = part.substr(name.size() + 1);
    return true;
  });
  return value;
}

bool accepts_encoding(std::string_view header, std::string_view encoding) {
  return any_part(header, ',', [&](std::string_view part) {
    const size_t end = part.find(';');
    if (trimmed(part.substr(0, end)) != encoding) return false;
    if (end == std::string_view::npos) return true;
    const std::string_view weight = trimmed(part.substr(end + 1));
    return !(weight.starts_with("q=0") && weight.find_first_not_of("0.", 2) == std::string_view::npos);
  });
}

bool matches_etag(std::string_view header, std::string_view etag) {
  const auto strong = [](std::string_view tag) { return tag.starts_with("W/") ? tag.substr(2) : tag; };
  return any_part(header, ',',
                  [&](std::string_view part) { return part == "*" || strong(part) == strong(etag); });
}

std::string_view reason_of(int status) {
  static const std::map<int, std::string_view> reasons = {
      {200, "OK"},
      {204, "No Content"},
      {303, "See Other"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {408, "Request Timeout"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {421, "Misdirected Request"},
      {431, "Request Header Fields Too Large"},
      {499, "Client Closed Request"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
  };
  const auto found = reasons.find(status);
  return found == reasons.end() ? "Unknown" : found->second;
}

Result<Json> parse_json(std::string_view text) {
  if (is_too_deep(text)) return fail(ErrorKind::kUsage, "the JSON is nested too deeply");
  try {
    return Json::parse(text);
  } catch (const Json::exception& e) {
    std::string what = e.what();
    if (const size_t start = what.find("] "); start != std::string::npos) what.erase(0, start + 2);
    return fail(ErrorKind::kUsage, "this is no JSON: " + what, "The API is described at /api/openapi.json.");
  }
}

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
    case ErrorKind::kProject:
      return 400;
    case ErrorKind::kNotFound:
      return 404;
    case ErrorKind::kPermission:
      return 403;
    case ErrorKind::kBusy:
    case ErrorKind::kUnavailable:
      return 503;
    case ErrorKind::kInterrupted:
      return 499;
    default:
      return 500;
  }
}

Response json_response(const Json& json, int status) {
  Response response;
  response.status = status;
  response.type = "application/json";
  response.body = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  response.set("Cache-Control", "no-store");
  return response;
}

Response error_response(int status, const Error& error) {
  Response response = json_response({{"error",
                                      {{"kind", name_of(error.kind)},
                                       {"message", error.message},
                                       {"hint", error.hint},
                                       {"where", error.where}}}},
                                    status);
  if (status == 503) response.set("Retry-After", "2");
  return response;
}

Response error_response(const Error& error) {
  return error_response(status_of(error.kind), error);
}

}  // namespace reelhouse::serve

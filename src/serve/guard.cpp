#include "serve/guard.hpp"

#include <openssl/crypto.h>
#include <unistd.h>

#include <algorithm>

#include "base/hash.hpp"
#include "base/text.hpp"

namespace reelhouse::serve {
namespace {

constexpr const char* kCookie = "reelhouse_session";

/// Cuts the port from "name:8080" or "[::1]:8080", and the brackets.
std::string host_name(const std::string& host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

/// Compares secrets by their hashes, in a time that tells nothing about either.
bool same_secret(const std::string& left, const std::string& right) {
  const std::string a = sha256(left);
  const std::string b = sha256(right);
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string machine_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? lower(name) : "";
}

/// A page that asks for the token, for a browser that has none. It needs no script.
Response login_page(const std::string& note) {
  Response response;
  response.status = 401;
  response.type = "text/html; charset=utf-8";
  response.body =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>Log in</title><main><h1>Log in</h1>" +
      (note.empty() ? std::string() : "<p role=\"alert\">" + note + "</p>") +
      "<form method=\"post\" action=\"/api/login\"><p><label>Token <input type=\"password\" name=\"token\" "
      "autocomplete=\"current-password\" required autofocus></label></p><p><button>Log in</button></p>"
      "</form></main></html>";
  response.set("Cache-Control", "no-store");
  response.set("WWW-Authenticate", "Bearer");
  return response;
}

bool wants_page(const Request& request) {
  return request.is_read() && !request.path.starts_with("/api/") &&
         request.header("accept").find("text/html") != std::string::npos;
}

Response redirect(const std::string& place) {
  Response response;
  response.status = 303;
  response.set("Location", place);
  response.set("Cache-Control", "no-store");
  return response;
}

/// Renders path and parameters again, without the token.
std::string address_without_token(const Request& request) {
  static const std::string plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  const auto escaped = [](const std::string& text, const std::string& more) {
    std::string out;
    for (const char letter : text)
      if (plain.find(letter) != std::string::npos || more.find(letter) != std::string::npos)
        out += letter;
      else
        out += fmt::format("%{:02X}", static_cast<unsigned char>(letter));
    return out;
  };
  std::string path = request.path;
  path.erase(0, std::min(path.find_first_not_of('/'), path.size()));  // "//host" would leave this site
  std::string place = "/" + escaped(path, "/");
  char separator = '?';
  for (const auto& [name, value] : request.parameters) {
    if (name == "token") continue;
    place += separator + escaped(name, "") + "=" + escaped(value, "");
    separator = '&';
  }
  return place;
}

}  // namespace

Guard::Guard(Address address, std::string token, std::vector<std::string> hosts)
    : address_(std::move(address)),
      token_(std::move(token)),
      session_(sha256("reelhouse session " + sha256(token_))),
      hosts_(std::move(hosts)) {
  for (auto& host : hosts_) host = lower(host);
  if (!is_number(address_.host)) hosts_.push_back(lower(address_.host));
  if (!address_.loopback) hosts_.push_back(machine_name());
}

Result<> Guard::check_options(const Address& address, const std::string& token) {
  if (address.loopback || !token.empty()) return {};
  return fail(ErrorKind::kUsage,
              fmt::format("{} can be reached from other machines, and no token is set", address.text()),
              "Give one in REELHOUSE_TOKEN (or --token), made by: openssl rand -hex 24; or listen on "
              "127.0.0.1.");
}

bool Guard::knows_host(const std::string& host) const {
  const std::string name = lower(host_name(host));
  if (name == "localhost" || is_loopback_number(name)) return true;
  // Whoever is asked by number was not reached through a name that someone else may point here.
  if (!address_.loopback && is_number(name)) return true;
  return !name.empty() && std::ranges::find(hosts_, name) != hosts_.end();
}

bool Guard::is_same_origin(const Request& request) const {
  const std::string site = request.header("sec-fetch-site");
  if (!site.empty() && site != "same-origin" && site != "none") return false;
  const std::string origin = lower(request.header("origin"));
  if (origin.empty()) return true;
  const size_t scheme = origin.find("://");
  return scheme != std::string::npos && origin.substr(scheme + 3) == lower(request.header("host"));
}

bool Guard::is_known(const Request& request) const {
  if (token_.empty()) return true;
  const std::string& bearer = request.header("authorization");
  if (lower(bearer.substr(0, 7)) == "bearer " && same_secret(bearer.substr(7), token_)) return true;
  const std::string session = cookie(request.header("cookie"), kCookie);
  return !session.empty() && same_secret(session, session_);
}

std::string Guard::session_cookie() const {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000", kCookie, session_);
}

std::optional<Response> Guard::refuse(const Request& request) const {
  const std::string& host = request.header("host");
  if (host.empty()) return error_response(400, {ErrorKind::kUsage, "the request has no Host header", "", ""});
  if (!knows_host(host))
    return error_response(
        421, {ErrorKind::kPermission, "this server does not go by that name",
              "Ask for it by its address; for a name of your own, start it with --allow-host NAME.", ""});
  if (!request.is_read() && request.method != "POST") {
    Response response =
        error_response(405, {ErrorKind::kUsage, "this method is not served", "Use GET, HEAD or POST.", ""});
    response.set("Allow", "GET, HEAD, POST");
    return response;
  }
  if (!request.is_read() && !is_same_origin(request))
    return error_response(
        403, {ErrorKind::kPermission, "a page of another site may not send anything here", "", ""});
  const bool is_hook = request.method == "POST" && request.path.starts_with("/api/hooks/");  // signed instead
  const bool is_open =
      request.path == "/healthz" || request.path == "/readyz" || request.path == "/api/login" || is_hook;
  if (token_.empty() || is_open) return std::nullopt;
  const auto offered = request.parameters.find("token");
  if (offered != request.parameters.end() && request.is_read() && same_secret(offered->second, token_)) {
    Response response = redirect(address_without_token(request));
    response.set("Set-Cookie", session_cookie());
    return response;
  }
  if (is_known(request)) return std::nullopt;
  if (wants_page(request)) return login_page("");
  Response response =
      error_response(401, {ErrorKind::kPermission, "the token is missing or wrong",
                           "Send it as 'Authorization: Bearer TOKEN', or log in with a browser.", ""});
  response.set("WWW-Authenticate", "Bearer");
  return response;
}

Response Guard::log_in(const Request& request) const {
  if (request.method != "POST") {
    Response response = error_response(405, {ErrorKind::kUsage, "log in by POST", "", ""});
    response.set("Allow", "POST");
    return response;
  }
  const bool is_form = request.header("content-type").starts_with("application/x-www-form-urlencoded");
  std::string offered;
  if (is_form) {
    std::map<std::string, std::string> values;
    if (parse_form(request.body, values)) offered = values["token"];
  } else {
    const auto json = parse_json(request.body);
    if (!json) return error_response(json.error());
    if (json->is_object() && json->contains("token") && (*json)["token"].is_string())
      offered = (*json)["token"].get<std::string>();
  }
  if (!token_.empty() && !same_secret(offered, token_)) {
    if (is_form) return login_page("That is not the token.");
    return error_response(401, {ErrorKind::kPermission, "that is not the token", "", ""});
  }
  Response response = is_form ? redirect("/") : Response{};
  if (!is_form) response.status = 204;
  if (!token_.empty()) response.set("Set-Cookie", session_cookie());
  return response;
}

void Guard::decorate(Response& response) {
  response.set("Content-Security-Policy",
               "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
               "form-action 'self'; frame-ancestors 'none'");
  response.set("X-Content-Type-Options", "nosniff");
  response.set("X-Frame-Options", "DENY");
  response.set("Referrer-Policy", "no-referrer");
  response.set("Cross-Origin-Opener-Policy", "same-origin");
  response.set("Cross-Origin-Resource-Policy", "same-origin");
  response.set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
}

}  // namespace reelhouse::serve

#include "serve/guard.hpp"

#include <gmock/gmock.h>

#include "matchers.hpp"

namespace reelhouse::serve {
namespace {

Address at(const std::string& text) {
  return parse_address(text).value();
}

Request request(const std::string& method, const std::string& path,
                std::map<std::string, std::string> headers = {}) {
  Request made;
  made.method = method;
  made.path = path;
  made.headers = std::move(headers);
  made.headers.try_emplace("host", "127.0.0.1:8080");
  return made;
}

/// The status of a refusal; 0 when there is none.
int status(const Guard& guard, const Request& asked) {
  const auto refusal = guard.refuse(asked);
  return refusal ? refusal->status : 0;
}

std::string header(const Response& response, const std::string& name) {
  for (const auto& [key, value] : response.headers)
    if (key == name) return value;
  return "";
}

TEST(Guard, NeedsATokenBeyondLoopback) {
  EXPECT_FALSE(Guard::check_options(at("0.0.0.0:80"), ""));
  EXPECT_THAT(Guard::check_options(at("0.0.0.0:80"), "secret"), IsOk());
  EXPECT_THAT(Guard::check_options(at("127.0.0.1:80"), ""), IsOk());
}

TEST(Guard, AnswersOnlyToItsNames) {
  const Guard guard(at("127.0.0.1:8080"), "", {"Dash.Example"});
  for (const char* good : {"127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080", "dash.example:443"})
    EXPECT_EQ(status(guard, request("GET", "/", {{"host", good}})), 0) << good;
  for (const char* bad : {"evil.example", "evil.example:8080", "localhost.evil.example", "10.0.0.1",
                          "127.0.0.1.evil", "dash.example.evil"})
    EXPECT_EQ(status(guard, request("GET", "/", {{"host", bad}})), 421) << bad;
  EXPECT_EQ(status(guard, request("GET", "/", {{"host", ""}})), 400);
}

TEST(Guard, GoesByAnyNumberWhenItListensToAll) {
  const Guard guard(at("0.0.0.0:8080"), "secret", {});
  const auto with = [](const char* host) {
    return request("GET", "/", {{"host", host}, {"authorization", "Bearer secret"}});
  };
  EXPECT_EQ(status(guard, with("10.1.2.3:8080")), 0);
  EXPECT_EQ(status(guard, with("evil.example")), 421);
}

TEST(Guard, TakesNothingFromPagesOfOtherSites) {
  const Guard guard(at("127.0.0.1:8080"), "", {});
  const auto post = [](std::map<std::string, std::string> headers) {
    return request("POST", "/api/query", std::move(headers));
  };
  EXPECT_EQ(status(guard, post({})), 0);
  EXPECT_EQ(status(guard, post({{"origin", "http://127.0.0.1:8080"}})), 0);
  EXPECT_EQ(status(guard, post({{"origin", "http://evil.example"}})), 403);
  EXPECT_EQ(status(guard, post({{"origin", "http://127.0.0.1:9999"}})), 403);
  EXPECT_EQ(status(guard, post({{"origin", "null"}})), 403);
  EXPECT_EQ(status(guard, post({{"sec-fetch-site", "cross-site"}})), 403);
  EXPECT_EQ(status(guard, request("DELETE", "/")), 405);
  EXPECT_EQ(status(guard, request("TRACE", "/")), 405);
}

TEST(Guard, AsksForTheToken) {
  const Guard guard(at("127.0.0.1:8080"), "secret", {});
  EXPECT_EQ(status(guard, request("GET", "/api/model")), 401);
  EXPECT_EQ(status(guard, request("GET", "/metrics")), 401);
  EXPECT_EQ(status(guard, request("GET", "/healthz")), 0);
  EXPECT_EQ(status(guard, request("GET", "/readyz")), 0);
  EXPECT_EQ(status(guard, request("GET", "/api/model", {{"authorization", "Bearer secret"}})), 0);
  EXPECT_EQ(status(guard, request("GET", "/api/model", {{"authorization", "bearer secret"}})), 0);
  for (const char* wrong : {"Bearer secre", "Bearer secret2", "Bearer ", "Basic secret", "secret"})
    EXPECT_EQ(status(guard, request("GET", "/api/model", {{"authorization", wrong}})), 401) << wrong;
  const auto page = guard.refuse(request("GET", "/overview", {{"accept", "text/html"}}));
  EXPECT_EQ(page->status, 401);
  EXPECT_THAT(page->body, testing::HasSubstr("<form"));
}

TEST(Guard, TurnsTheParameterIntoACookie) {
  const Guard guard(at("127.0.0.1:8080"), "secret", {});
  Request asked = request("GET", "//overview");
  asked.parameters = {{"token", "secret"}, {"f", "plan=A&B"}};
  const auto redirect = guard.refuse(asked).value();
  EXPECT_EQ(redirect.status, 303);
  EXPECT_EQ(header(redirect, "Location"), "/overview?f=plan%3DA%26B");
  const std::string cookie = header(redirect, "Set-Cookie");
  EXPECT_THAT(cookie, testing::HasSubstr("HttpOnly"));
  EXPECT_THAT(cookie, testing::HasSubstr("SameSite=Strict"));
  EXPECT_THAT(cookie, testing::Not(testing::HasSubstr("secret")));
  const std::string pair = cookie.substr(0, cookie.find(';'));
  EXPECT_EQ(status(guard, request("GET", "/api/model", {{"cookie", "a=b; " + pair}})), 0);
  EXPECT_EQ(status(guard, request("GET", "/api/model", {{"cookie", pair + "0"}})), 401);
  asked.parameters["token"] = "wrong";
  EXPECT_EQ(status(guard, asked), 401);
}

TEST(Guard, LogsInByJsonAndByForm) {
  const Guard guard(at("127.0.0.1:8080"), "secret", {});
  Request json = request("POST", "/api/login");
  json.body = R"({"token": "secret"})";
  EXPECT_EQ(guard.log_in(json).status, 204);
  EXPECT_NE(header(guard.log_in(json), "Set-Cookie"), "");
  for (const char* wrong : {R"({"token": "no"})", R"({"token": 1})", "[]", "{}"}) {
    json.body = wrong;
    EXPECT_EQ(guard.log_in(json).status, 401) << wrong;
  }
  json.body = "{";
  EXPECT_EQ(guard.log_in(json).status, 400);
  Request form = request("POST", "/api/login", {{"content-type", "application/x-www-form-urlencoded"}});
  form.body = "token=secret";
  EXPECT_EQ(guard.log_in(form).status, 303);
  form.body = "token=no";
  EXPECT_EQ(guard.log_in(form).status, 401);
  EXPECT_EQ(header(guard.log_in(form), "Set-Cookie"), "");
  EXPECT_EQ(guard.log_in(request("GET", "/api/login")).status, 405);
}

}  // namespace
}  // namespace reelhouse::serve

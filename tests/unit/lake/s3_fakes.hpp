#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lake/s3/client.hpp"

namespace reelhouse::lake::s3 {

/// Time that passes only by waiting.
class FakeTiming final : public Timing {
 public:
  Time now() const override {
    return Time(std::chrono::sys_days(Date(std::chrono::year(2024) / 5 / 6))) + passed_;
  }
  Milliseconds elapsed() const override { return passed_; }
  bool wait(Milliseconds time) override {
    waits.push_back(time);
    passed_ += time;
    return true;
  }
  double chance() override { return chance_; }
  void pass(Milliseconds time) { passed_ += time; }

  std::vector<Milliseconds> waits;
  double chance_ = 0.5;

 private:
  Milliseconds passed_{0};
};

using Answer = tl::expected<HttpResponse, HttpFailure>;

inline HttpResponse answer_of(int status, const std::string& body = "", Pairs headers = {}) {
  return {status, std::move(headers), body};
}
inline HttpResponse refusal_of(int status, const std::string& code, const std::string& more = "") {
  return answer_of(status, "<Error><Code>" + code + "</Code><Message>why</Message>" + more + "</Error>");
}
inline Answer broken(HttpFailure::Kind kind) {
  return tl::unexpected(HttpFailure{kind, "broken", {}});
}

/// Answers by script, the last answer again and again; or by a function.
class FakeTransport final : public Transport {
 public:
  using Handler = std::function<Answer(const HttpRequest&)>;
  explicit FakeTransport(std::vector<Answer> script) : script_(script.begin(), script.end()) {}
  explicit FakeTransport(Handler handler) : handler_(std::move(handler)) {}

  Answer perform(const HttpRequest& request) override {
    const std::lock_guard lock(mutex_);
    requests.push_back(request);
    Answer answer = handler_ ? handler_(request) : script_.front();
    if (!handler_ && script_.size() > 1) script_.pop_front();
    if (!answer || request.sink == nullptr || answer->status / 100 != 2) return answer;
    auto taken = request.sink->begin(*answer);
    if (taken) taken = request.sink->write(std::as_bytes(std::span(answer->body)));
    if (!taken) return tl::unexpected(HttpFailure{HttpFailure::Kind::kSink, "", taken.error()});
    if (!answer->header("x-test-breaks").empty()) return broken(HttpFailure::Kind::kBroken);
    answer->body.clear();
    return answer;
  }

  static std::string header(const HttpRequest& request, const std::string& name) {
    for (const auto& [header, value] : request.headers)
      if (header == name) return value;
    return "";
  }

  std::vector<HttpRequest> requests;

 private:
  std::mutex mutex_;
  std::deque<Answer> script_;
  Handler handler_;
};

/// Gives the same credentials, numbered anew each time they are asked for.
class FakeSource final : public CredentialsSource {
 public:
  std::string name() const override { return "a test"; }
  Result<std::optional<FoundCredentials>> find() override {
    if (fails) return fail(ErrorKind::kUnavailable, "not now");
    ++asked;
    FoundCredentials found{
        {"AKIATEST" + std::to_string(asked), "very/secret", "token/secret"}, name(), expires};
    return std::optional(found);
  }
  int asked = 0;
  bool fails = false;
  std::optional<Time> expires;
};

/// A client of bucket "shop" at http://host.test:9000, by a transport that answers from a script.
struct FakeClient {
  explicit FakeClient(std::shared_ptr<FakeTransport> with) : transport(std::move(with)) {
    settings.endpoint = {"http", "host.test:9000", ""};
    settings.is_aws = false;
    settings.path_style = true;
    std::vector<std::unique_ptr<CredentialsSource>> sources;
    auto made = std::make_unique<FakeSource>();
    source = made.get();
    sources.push_back(std::move(made));
    credentials = std::make_shared<CredentialsProvider>(std::move(sources), timing);
  }
  explicit FakeClient(std::vector<Answer> script)
      : FakeClient(std::make_shared<FakeTransport>(std::move(script))) {}

  Client& client() {
    if (!made_)
      made_ = std::make_unique<Client>(settings, Location{"shop", ""}, transport, timing, credentials);
    return *made_;
  }
  Result<HttpResponse> get(const std::string& method = "GET") {
    Request request;
    request.method = method;
    request.key = "raw/a b.csv";
    request.doing = "reading the object";
    request.action = "s3:GetObject";
    return client().send(request);
  }

  std::shared_ptr<FakeTransport> transport;
  std::shared_ptr<FakeTiming> timing = std::make_shared<FakeTiming>();
  FakeSource* source = nullptr;
  std::shared_ptr<CredentialsProvider> credentials;
  S3Settings settings;

 private:
  std::unique_ptr<Client> made_;
};

}  // namespace reelhouse::lake::s3

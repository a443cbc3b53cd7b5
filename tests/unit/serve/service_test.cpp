#include "serve/service.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <future>

#include "serve/compress.hpp"
#include "serve/fakes.hpp"

namespace reelhouse::serve {
namespace {

using namespace std::chrono_literals;

class ServiceTest : public testing::Test {
 protected:
  ServiceTest() {
    ServiceOptions options;
    options.project = "shop";
    options.pages = Json::array({{{"page", "overview"}}});
    options.most_rows = 5;
    options.sources["runs"] = [](const std::map<std::string, std::string>& parameters) -> Result<Json> {
      return Json(parameters);
    };
    options.sources["status"] = [](const std::map<std::string, std::string>& parameters) -> Result<Json> {
      return Json{{"read", 10}, {"of", parameters.contains("run") ? parameters.at("run") : ""}};
    };
    service_ = std::make_unique<Service>(std::move(options), guard_, live_, queue_, assets_);
  }
  ~ServiceTest() override { queue_.stop(); }

  static Live::Source source(std::shared_ptr<FakeSnapshot> snapshot) {
    Live::Source made;
    made.poll = 5ms;
    made.current = []() -> Result<std::optional<int>> { return 4; };
    made.open = [snapshot]() -> Result<std::shared_ptr<const metric::Snapshot>> { return snapshot; };
    return made;
  }
  void open() {
    live_.start();
    while (!live_.snapshot()) std::this_thread::sleep_for(1ms);
  }
  Response ask(const std::string& path, std::map<std::string, std::string> parameters = {},
               std::map<std::string, std::string> headers = {}, const std::string& method = "GET",
               const std::string& body = "") {
    Request request;
    request.method = method;
    request.path = path;
    request.parameters = std::move(parameters);
    request.headers = std::move(headers);
    request.headers["host"] = "localhost";
    request.body = body;
    std::promise<Response> answered;
    service_->handle(std::move(request), cancel_,
                     [&](Response response) { answered.set_value(std::move(response)); });
    return answered.get_future().get();
  }
  static std::string header(const Response& response, const std::string& name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return "";
  }

  std::shared_ptr<FakeSnapshot> snapshot_ = std::make_shared<FakeSnapshot>(4);
  Guard guard_{parse_address("127.0.0.1:8080").value(), "", {}};
  Assets assets_{{{"index.html", "<html>"}, {"assets/a.js", "script"}, {"assets/a.js.br", "packed"}}};
  Live live_{source(snapshot_)};
  FairQueue queue_{2, 10, 10};
  std::shared_ptr<Cancel> cancel_ = std::make_shared<Cancel>();
  std::unique_ptr<Service> service_;
};

TEST_F(ServiceTest, SaysWhyItIsNotReady) {
  EXPECT_EQ(ask("/healthz").status, 200);
  EXPECT_EQ(ask("/readyz").status, 503);
  EXPECT_EQ(ask("/api/query", {{"q", R"({"measures":["sold"]})"}}).status, 503);
  EXPECT_EQ(ask("/api/model").status, 503);
  EXPECT_EQ(Json::parse(ask("/api/status").body)["version"], 0);
  open();
  EXPECT_EQ(ask("/readyz").status, 200);
}

TEST_F(ServiceTest, AnswersAQueryAndKeepsItsTag) {
  open();
  const std::map<std::string, std::string> query = {{"q", R"({"measures":["sold"]})"}};
  const Response response = ask("/api/query", query);
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(Json::parse(response.body)["rows"].size(), 5);  // open-ended: as many as one answer holds
  const std::string etag = header(response, "ETag");
  const int asked = snapshot_->asked();
  const Response again = ask("/api/query", query, {{"if-none-match", etag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(snapshot_->asked(), asked);
  EXPECT_EQ(ask("/api/query", {{"q", R"({"measures":["other"]})"}}, {{"if-none-match", etag}}).status, 200);
  EXPECT_EQ(ask("/api/query", {}, {}, "POST", R"({"measures":["sold"],"limit":2})").status, 200);
}

TEST_F(ServiceTest, SaysWhenRowsWereLeftOut) {
  open();
  const Json cut = Json::parse(ask("/api/query", {{"q", R"({"measures":["sold"]})"}}).body);
  EXPECT_THAT(cut["notes"].dump(), testing::HasSubstr("first 5 rows"));
  const Json whole = Json::parse(ask("/api/query", {{"q", R"({"measures":["sold"],"limit":5})"}}).body);
  EXPECT_EQ(whole["notes"].size(), 0);
  EXPECT_EQ(whole["rows"].size(), 5);
}

TEST_F(ServiceTest, TurnsErrorsIntoStatuses) {
  open();
  EXPECT_EQ(ask("/api/query").status, 400);
  EXPECT_EQ(ask("/api/query", {{"q", "{"}}).status, 400);
  const Response wrong = ask("/api/query", {{"q", R"({"measures":["wrong"]})"}});
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(Json::parse(wrong.body)["error"]["hint"], "right?");
  EXPECT_EQ(header(wrong, "ETag"), "");
  EXPECT_EQ(ask("/api/query", {{"q", R"({"measures":["thrown"]})"}}).status, 500);
  const Response unknown = ask("/api/modell");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_THAT(unknown.body, testing::HasSubstr("/api/model"));
  EXPECT_EQ(ask("/api/model", {}, {}, "POST").status, 405);
  EXPECT_EQ(ask("/api/query", {}, {{"host", "x"}}, "PUT").status, 405);
}

TEST_F(ServiceTest, InterruptsAQueryThatNobodyWaitsFor) {
  open();
  std::promise<Response> answered;
  Request request;
  request.method = "GET";
  request.path = "/api/query";
  request.headers["host"] = "localhost";
  request.parameters["q"] = R"({"measures":["slow"]})";
  service_->handle(request, cancel_, [&](Response response) { answered.set_value(std::move(response)); });
  while (snapshot_->asked() == 0) std::this_thread::sleep_for(1ms);
  cancel_->cancel();
  EXPECT_EQ(answered.get_future().get().status, 499);
}

TEST_F(ServiceTest, RefusesWorkWhenTheQueueIsFull) {
  open();
  std::vector<std::shared_ptr<Cancel>> cancels;
  const auto send = [&](const Respond& respond) {
    Request request;
    request.method = "GET";
    request.path = "/api/query";
    request.headers["host"] = "localhost";
    request.parameters["q"] = R"({"measures":["slow"]})";
    cancels.push_back(std::make_shared<Cancel>());
    service_->handle(request, cancels.back(), respond);
  };
  std::atomic<int> answered = 0;
  for (int i = 0; i < 2; ++i) send([&](Response) { ++answered; });
  while (queue_.running() < 2) std::this_thread::sleep_for(1ms);
  for (int i = 0; i < 10; ++i) send([&](Response) { ++answered; });
  Response refused;
  send([&](Response response) { refused = std::move(response); });
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(header(refused, "Retry-After"), "");
  EXPECT_EQ(ask("/healthz").status, 200);
  for (auto cancel = cancels.rbegin(); cancel != cancels.rend(); ++cancel) (*cancel)->cancel();
  while (queue_.running() > 0) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(answered, 2);  // those that waited were dropped
}

TEST_F(ServiceTest, ShowsWhatOtherRoomsKnow) {
  open();
  EXPECT_EQ(Json::parse(ask("/api/runs", {{"limit", "5"}}).body)["limit"], "5");
  EXPECT_EQ(Json::parse(ask("/api/runs/20261122-06").body)["id"], "20261122-06");
  EXPECT_EQ(ask("/api/runs/").status, 404);
  EXPECT_EQ(ask("/api/status/x").status, 404);
  const Json status = Json::parse(ask("/api/status").body);
  EXPECT_EQ(status["version"], 4);
  EXPECT_EQ(status["of"], "run-4");
  EXPECT_EQ(status["read"], 10);
}

TEST_F(ServiceTest, ExportsFiles) {
  open();
  const std::string q = R"({"measures":["sold"],"limit":20})";
  const Response as_csv = ask("/api/export", {{"q", q}, {"title", "Sold\r\n\"by\" day/é"}});
  EXPECT_THAT(as_csv.body, testing::StartsWith("\xef\xbb\xbf"
                                               "Day,\"Sold, all\"\n2026-01-01,1\n2026-01-02,2\n"));
  EXPECT_EQ(std::ranges::count(as_csv.body, '\n'), 21);
  EXPECT_EQ(header(as_csv, "Content-Disposition"),
            "attachment; filename=\"Sold___by_ day___.csv\"; filename*=UTF-8''Sold%22by%22%20day%C3%A9.csv");
  const Response as_xlsx = ask("/api/export", {{"q", q}, {"as", "xlsx"}});
  EXPECT_THAT(as_xlsx.body, testing::StartsWith("PK"));
  EXPECT_EQ(ask("/api/export", {{"q", q}, {"as", "pdf"}}).status, 400);
}

TEST_F(ServiceTest, ServesFilesInTheFormThatTheClientTakes) {
  EXPECT_EQ(ask("/").content(), "<html>");
  EXPECT_EQ(ask("/overview").content(), "<html>");
  EXPECT_EQ(header(ask("/overview"), "Cache-Control"), "no-cache");
  EXPECT_EQ(ask("/overview.js").status, 404);
  EXPECT_EQ(ask("/assets/b.js").status, 404);
  EXPECT_EQ(ask("/assets/a.js").content(), "script");
  const Response packed = ask("/assets/a.js", {}, {{"accept-encoding", "gzip, br"}});
  EXPECT_EQ(packed.content(), "packed");
  EXPECT_EQ(header(packed, "Content-Encoding"), "br");
  EXPECT_THAT(header(packed, "Cache-Control"), testing::HasSubstr("immutable"));
  EXPECT_EQ(ask("/", {}, {{"if-none-match", header(ask("/"), "ETag")}}).status, 304);
}

TEST_F(ServiceTest, GivesAPathTheTimeOfItsRoute) {
  const auto time_for = [this](const char* path) {
    Request request;
    request.path = path;
    return service_->time_for(request);
  };
  EXPECT_EQ(time_for("/api/query"), std::chrono::seconds(30));
  EXPECT_EQ(time_for("/api/queries"), std::chrono::seconds(60));
  EXPECT_EQ(time_for("/api/export"), std::chrono::seconds(180));
  EXPECT_EQ(time_for("/api/runs/1"), std::chrono::seconds(30));
  EXPECT_EQ(time_for("/"), std::chrono::seconds(30));
}

TEST_F(ServiceTest, CountsForPrometheus) {
  service_->count({"GET", "/api/query", "127.0.0.1", 200, 10, 0.004});
  service_->count({"GET", "/api/query", "127.0.0.1", 400, 10, 0.2});
  service_->count({"GET", "/some/page", "127.0.0.1", 200, 10, 0.0});
  service_->count({"GET", "/api/\"\n{}", "127.0.0.1", 404, 10, 0.0});
  const std::string text = ask("/metrics").body;
  for (const char* line : {"reelhouse_requests_total{route=\"/api/query\",status=\"200\"} 1\n",
                           "reelhouse_requests_total{route=\"/\",status=\"200\"} 1\n",
                           "reelhouse_requests_total{route=\"other\",status=\"404\"} 1\n",
                           "reelhouse_request_seconds_bucket{route=\"/api/query\",le=\"0.005\"} 1\n",
                           "reelhouse_request_seconds_bucket{route=\"/api/query\",le=\"+Inf\"} 2\n",
                           "reelhouse_queue_waiting 0\n"})
    EXPECT_THAT(text, testing::HasSubstr(line));
}

TEST(Compress, PacksLargeTextOnly) {
  Request request;
  request.headers["accept-encoding"] = "gzip";
  Response response;
  response.type = "application/json";
  response.body = std::string(100'000, 'a');
  compress(request, response);
  EXPECT_LT(response.body.size(), 2000);
  EXPECT_EQ(response.body.substr(0, 2), "\x1f\x8b");
  for (const auto& [type, size] : {std::pair{"application/json", 100}, {"image/png", 100'000}}) {
    Response other;
    other.type = type;
    other.body = std::string(static_cast<size_t>(size), 'a');
    compress(request, other);
    EXPECT_EQ(other.body.size(), size);
  }
}

/// Takes all lines of a response to several questions, in the order of the questions.
std::vector<Json> lines_of(const Response& response) {
  std::string text;
  for (int wait = 0; wait < 1000; ++wait) {
    const auto taken = response.pieces->take(1 << 20);
    text += taken.text;
    if (taken.ended) break;
    std::this_thread::sleep_for(10ms);
  }
  std::vector<Json> lines;
  for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
    lines.push_back(Json::parse(text.substr(at, text.find('\n', at) - at)));
  std::ranges::sort(lines, {}, [](const Json& line) { return line["at"].get<int>(); });
  return lines;
}

TEST_F(ServiceTest, AnswersSeveralQuestionsEachOnItsOwn) {
  open();
  const Response response = ask("/api/queries", {}, {}, "POST",
                                R"({"queries":[{"measures":["sold"],"limit":2},{"measures":["wrong"]},)"
                                R"({"measures":["thrown"]},{"measure":"sold"},7]})");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.type, "application/x-ndjson");
  EXPECT_EQ(response.questions, 5);
  const auto lines = lines_of(response);
  ASSERT_EQ(lines.size(), 5);
  EXPECT_EQ(lines[0]["answer"]["rows"].size(), 2);
  EXPECT_EQ(lines[0]["status"], 200);
  EXPECT_EQ(lines[1]["status"], 400);
  EXPECT_EQ(lines[1]["error"]["hint"], "right?");
  EXPECT_EQ(lines[2]["status"], 500);
  EXPECT_EQ(lines[3]["status"], 400);
  EXPECT_EQ(lines[4]["status"], 400);
  EXPECT_THAT(ask("/metrics").body, testing::HasSubstr("reelhouse_questions_total{status=\"400\"} 3\n"));
}

TEST_F(ServiceTest, RefusesWhatIsNoListOfQuestions) {
  open();
  for (const char* body :
       {"", "{", "[]", "{}", R"({"queries":[]})", R"({"queries":1})", R"({"queries":[{}],"more":1})"})
    EXPECT_EQ(ask("/api/queries", {}, {}, "POST", body).status, 400) << body;
  Json many = {{"queries", Json::array()}};
  for (int i = 0; i < 101; ++i) many["queries"].push_back({{"measures", {"sold"}}});
  const Response refused = ask("/api/queries", {}, {}, "POST", many.dump());
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(refused.body, testing::HasSubstr("at most 100"));
  const Response got = ask("/api/queries");
  EXPECT_EQ(got.status, 405);
  EXPECT_EQ(header(got, "Allow"), "POST");
  EXPECT_EQ(snapshot_->asked(), 0);
}

TEST_F(ServiceTest, GivesUpAllQuestionsOfARequestThatIsCancelled) {
  open();
  const Response response = ask(
      "/api/queries", {}, {}, "POST",
      R"({"queries":[{"measures":["slow"]},{"measures":["slow"]},{"measures":["slow"]},{"measures":["slow"]}]})");
  while (snapshot_->asked() < 2) std::this_thread::sleep_for(1ms);
  cancel_->cancel();
  const auto lines = lines_of(response);
  ASSERT_EQ(lines.size(), 4);
  for (const auto& line : lines) EXPECT_EQ(line["status"], 504) << line;
  while (queue_.running() > 0) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(snapshot_->asked(), 2);  // those that waited were never asked
}

TEST_F(ServiceTest, SaysWhichQuestionsTheQueueHasNoRoomFor) {
  open();
  Json many = {{"queries", Json::array()}};
  for (int i = 0; i < 20; ++i) many["queries"].push_back({{"measures", {"slow"}}});
  const Response response = ask("/api/queries", {}, {}, "POST", many.dump());
  while (snapshot_->asked() < 2) std::this_thread::sleep_for(1ms);
  cancel_->cancel();
  const auto lines = lines_of(response);
  ASSERT_EQ(lines.size(), 20);
  EXPECT_GE(std::ranges::count_if(lines, [](const Json& line) { return line["status"] == 503; }), 8);
}

TEST_F(ServiceTest, PacksAnswersOfSeveralQuestions) {
  open();
  const Response response = ask("/api/queries", {}, {{"accept-encoding", "gzip"}}, "POST",
                                R"({"queries":[{"measures":["sold"]},{"measures":["sold"]}]})");
  EXPECT_EQ(header(response, "Content-Encoding"), "gzip");
  std::string packed;
  for (auto taken = response.pieces->take(9); !taken.ended; taken = response.pieces->take(9))
    packed += taken.text;
  EXPECT_EQ(packed.substr(0, 2), "\x1f\x8b");
}

}  // namespace
}  // namespace reelhouse::serve

#include "serve/service.hpp"

#include <unistd.h>

#include "base/hash.hpp"
#include "base/near_miss.hpp"
#include "serve/batch.hpp"
#include "serve/compress.hpp"
#include "serve/export.hpp"
#include "serve/yaml_json.hpp"

namespace reelhouse::serve {
namespace {

constexpr size_t kMostQuestions = 100;  ///< of one request

/// Lets a request's cancel interrupt a session, until this ends.
class Interruptible {
 public:
  Interruptible(Cancel& cancel, engine::Session& session) : cancel_(cancel) {
    cancel_.set_hook([&session] { session.interrupt(); });
  }
  ~Interruptible() { cancel_.set_hook({}); }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

 private:
  Cancel& cancel_;
};

Response text_response(std::string type, std::string body) {
  Response response;
  response.type = std::move(type);
  response.body = std::move(body);
  response.set("Cache-Control", "no-store");
  return response;
}

/// A response that a client may keep, but has to ask about.
Response kept_response(std::string body, const std::string& etag) {
  Response response;
  response.type = "application/json";
  response.body = std::move(body);
  response.set("Cache-Control", "private, no-cache");
  response.set("ETag", etag);
  return response;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Whose turn a request takes: that of its page, or of its address.
std::string client_of(const Request& request) {
  return request.peer + "/" + request.header("x-client-id").substr(0, 64);
}

/// The text of a query as it came: the body of a POST, or the parameter q.
const std::string& asked_by(const Request& request) {
  return request.method == "POST" ? request.body : request.parameter("q");
}

std::string etag_of_content(const std::string& body) {
  return "W/\"" + sha256(body).substr(0, 20) + "\"";
}

Response not_modified(const std::string& etag) {
  Response response;
  response.status = 304;
  response.set("ETag", etag);
  response.set("Cache-Control", "private, no-cache");
  return response;
}

}  // namespace

Service::Service(ServiceOptions options, const Guard& guard, Live& live, FairQueue& queue,
                 const Assets& assets)
    : options_(std::move(options)), guard_(guard), live_(live), queue_(queue), assets_(assets) {
  const auto started = std::chrono::steady_clock::now().time_since_epoch().count();
  nonce_ = sha256(fmt::format("{} {}", started, ::getpid())).substr(0, 8);
  dashboards_ = dump({{"project", options_.project}, {"pages", options_.pages}});
  const auto description = yaml_to_json(std::string(embedded_openapi()), "openapi.yaml");
  openapi_ = description ? dump(*description) : "{}";
  add_routes();
  add_sources();
}

void Service::add_routes() {
  const auto fixed = [](const std::string& body) {
    const std::string etag = etag_of_content(body);
    return [body, etag](const Request& request, Cancel&) -> Result<Response> {
      return matches_etag(request.header("if-none-match"), etag) ? not_modified(etag)
                                                                 : kept_response(body, etag);
    };
  };
  const auto at_once = [&](const std::string& path, Work work) {
    routes_[path] = {.work = std::move(work), .queued = false};
  };
  at_once("/healthz", [](const Request&, Cancel&) { return text_response("text/plain", "ok\n"); });
  at_once("/readyz", [this](const Request&, Cancel&) { return ready(); });
  at_once("/metrics", [this](const Request&, Cancel&) { return numbers(); });
  at_once("/api/events", [this](const Request& request, Cancel&) { return events(request); });
  at_once("/api/login", [this](const Request& request, Cancel&) { return guard_.log_in(request); });
  routes_["/api/login"].posts = true;
  at_once("/api/dashboards", fixed(dashboards_));
  at_once("/api/openapi.json", fixed(openapi_));
  routes_["/api/query"] = {
      .work = [this](const Request& r, Cancel& c) { return query(r, c); }, .posts = true, .versioned = true};
  routes_["/api/queries"] = {.work = [this](const Request& r, Cancel& c) { return queries(r, c); },
                             .time = std::chrono::seconds(60),
                             .posts = true,
                             .reads = false};
  routes_["/api/export"] = {.work = [this](const Request& r, Cancel& c) { return download(r, c); },
                            .lane = FairQueue::Lane::kSlow,
                            .time = std::chrono::seconds(180),
                            .posts = true};
  routes_["/api/model"] = {.work = [this](const Request&, Cancel&) { return model(); }, .versioned = true};
  routes_["/api/status"] = {.work = [this](const Request&, Cancel&) { return status(); }};
}

void Service::add_sources() {
  for (const auto& [name, action] : options_.actions)
    actions_[name] = {
        .work = [&action](const Request& request, Cancel&) -> Result<Response> {
          RH_ASSIGN(const Json json, action({request.parameter("id"), request.body, request.headers}));
          Response response = text_response("application/json", dump(json));
          response.status = 202;
          return response;
        },
        .posts = true,
        .reads = false};
  for (const auto& [name, source] : options_.sources) {
    if (name == "status") continue;
    routes_["/api/" + name] = {.work = [&source](const Request& request, Cancel&) -> Result<Response> {
                                 RH_ASSIGN(const Json json, source(request.parameters));
                                 std::string body = dump(json);
                                 const std::string etag = etag_of_content(body);
                                 if (matches_etag(request.header("if-none-match"), etag))
                                   return not_modified(etag);
                                 return kept_response(std::move(body), etag);
                               },
                               .lane = FairQueue::Lane::kSlow};
  }
}

/// Finds the action of a path: /api/run/ID/cancel is "run/cancel", /api/hooks/ID is "hooks".
const Service::Route* Service::find_action(Request& request) const {
  if (request.method != "POST" || !request.path.starts_with("/api/")) return nullptr;
  const std::string rest = request.path.substr(5);
  const size_t first = rest.find('/');
  if (first == std::string::npos) return nullptr;
  const size_t second = rest.find('/', first + 1);
  const std::string verb = second == std::string::npos ? "" : rest.substr(second);
  const auto found = actions_.find(rest.substr(0, first) + verb);
  const std::string id = rest.substr(first + 1, second == std::string::npos ? second : second - first - 1);
  if (found == actions_.end() || id.empty()) return nullptr;
  request.parameters["id"] = id;
  return &found->second;
}

/// Finds the route of a path; /api/runs/ID is /api/runs with the parameter `id`.
const Service::Route* Service::find(Request& request) const {
  auto found = routes_.find(request.path);
  if (found != routes_.end()) return &found->second;
  if (!request.path.starts_with("/api/")) return nullptr;
  const size_t slash = request.path.find('/', 5);
  if (slash == std::string::npos || slash + 1 == request.path.size()) return nullptr;
  const std::string name = request.path.substr(5, slash - 5);
  if (!options_.sources.contains(name) || name == "status") return nullptr;
  request.parameters["id"] = request.path.substr(slash + 1);
  return &routes_.at("/api/" + name);
}

std::string Service::route_name(const std::string& path) const {
  if (routes_.contains(path)) return path;
  if (!path.starts_with("/api/")) return path.starts_with("/assets/") ? "/assets" : "/";
  std::string first = path.substr(0, path.find('/', 5));
  if (first == "/api/hooks") return first;
  return routes_.contains(first) ? first : "other";
}

std::string Service::etag_of(const Request& request, int version) const {
  std::string text = request.path;
  for (const auto& [name, value] : request.parameters) text += '\n' + name + '=' + value;
  return fmt::format("W/\"{}-{}-{}\"", nonce_, version, sha256(text + '\n' + request.body).substr(0, 16));
}

void Service::handle(Request request, const std::shared_ptr<Cancel>& cancel, const Respond& respond) {
  if (auto refusal = guard_.refuse(request)) return respond(std::move(*refusal));
  const Route* route = find_action(request);
  if (route == nullptr) route = find(request);
  if (route == nullptr && request.path.starts_with("/api")) {
    std::vector<std::string> known;
    for (const auto& [path, each] : routes_) known.push_back(path);
    return respond(error_response(
        {ErrorKind::kNotFound, fmt::format("there is nothing at '{}'", request.path.substr(0, 200)),
         did_you_mean(request.path.substr(0, 200), known, "The API is described at /api/openapi.json."),
         ""}));
  }
  if (!request.is_read() && (route == nullptr || !route->posts)) {
    Response response = error_response(405, {ErrorKind::kUsage, "this is read by GET", "", ""});
    response.set("Allow", "GET, HEAD");
    return respond(std::move(response));
  }
  if (route != nullptr && !route->reads && request.method != "POST") {
    Response response = error_response(405, {ErrorKind::kUsage, "this is asked by POST", "", ""});
    response.set("Allow", "POST");
    return respond(std::move(response));
  }
  if (route == nullptr) return respond(assets_.answer(request));
  const auto snapshot = live_.snapshot();
  if (route->versioned && snapshot) {
    const std::string etag = etag_of(request, snapshot->version().number);
    if (matches_etag(request.header("if-none-match"), etag)) return respond(not_modified(etag));
  }
  if (!route->queued) return respond(run(*route, request, *cancel));
  FairQueue::Task task;
  task.client = client_of(request);
  task.lane = route->lane;
  task.cancel = cancel;
  task.run = [this, route, request = std::move(request), cancel, respond] {
    respond(run(*route, request, *cancel));
  };
  if (!queue_.push(std::move(task)))
    respond(
        error_response({ErrorKind::kBusy, "too many questions wait already", "Try again in a moment.", ""}));
}

Response Service::run(const Route& route, const Request& request, Cancel& cancel) const {
  Response response;
  try {
    auto result = route.work(request, cancel);
    response = result ? std::move(*result) : error_response(result.error());
  } catch (const std::bad_alloc&) {
    response = error_response(
        {ErrorKind::kUnavailable, "there is not enough memory for this answer", "Ask for less.", ""});
  } catch (const std::exception& e) {
    response = error_response({ErrorKind::kInternal, fmt::format("answering failed: {}", e.what()), "", ""});
  }
  compress(request, response);
  return response;
}

std::chrono::milliseconds Service::time_for(const Request& request) const {
  const auto found = routes_.find(request.path);
  return found == routes_.end() ? Route{}.time : found->second.time;
}

void Service::count(const Exchange& exchange) {
  if (exchange.path == "/api/query") counters_.add_question(exchange.status);
  counters_.add(route_name(exchange.path), exchange.status, exchange.seconds);
}

std::string Service::version_event(int version) {
  return fmt::format("event: version\ndata: {{\"version\":{}}}\n\n", version);
}

std::string Service::runs_event() {
  return "event: runs\ndata: {}\n\n";
}

// ---- answers

Result<metric::Answer> Service::ask(const std::string& query, Cancel& cancel, int most_rows) const {
  if (query.empty())
    return fail(ErrorKind::kUsage, "the query is missing",
                "Send it as JSON in the parameter q, or as the body of a POST.");
  RH_ASSIGN(const Json json, parse_json(query));
  RH_ASSIGN(metric::Query asked, metric::parse_query(json));
  const bool is_open_ended = asked.limit == 0 || asked.limit > most_rows;
  if (most_rows > 0 && is_open_ended) asked.limit = most_rows + 1;
  RH_ASSIGN(const auto lease, live_.lease());
  if (cancel.cancelled()) return fail(ErrorKind::kInterrupted, "nobody waits for this answer any more");
  const Interruptible stop(cancel, lease.session());
  RH_ASSIGN(metric::Answer answer, lease.snapshot().ask(lease.session(), asked));
  const auto most = static_cast<size_t>(most_rows);
  if (most > 0 && answer.rows.size() > most) {
    answer.rows.resize(most);
    if (answer.other.size() > most) answer.other.resize(most);
    answer.notes.push_back(fmt::format("Only the first {} rows are here; an export holds all.", most));
  }
  return answer;
}

Result<Response> Service::query(const Request& request, Cancel& cancel) const {
  RH_ASSIGN(const metric::Answer answer,
            ask(asked_by(request), cancel, static_cast<int>(options_.most_rows)));
  return kept_response(dump(metric::to_json(answer)), etag_of(request, answer.version));
}

/// Answers several questions, each in its turn and as soon as it can.
Result<Response> Service::queries(const Request& request, Cancel& cancel) {
  RH_ASSIGN(const Json json, parse_json(request.body));
  const bool is_list = json.is_object() && json.size() == 1 && json.contains("queries") &&
                       json["queries"].is_array() && !json["queries"].empty();
  if (!is_list)
    return fail(ErrorKind::kUsage, "the questions are missing", R"(Send {"queries": [...]}, one or more.)");
  if (json["queries"].size() > kMostQuestions)
    return fail(ErrorKind::kUsage,
                fmt::format("{} questions are too many for one request", json["queries"].size()),
                fmt::format("Ask at most {} at once.", kMostQuestions));
  std::vector<std::string> questions;
  for (const auto& question : json["queries"]) questions.push_back(dump(question));
  const bool packed = accepts_encoding(request.header("accept-encoding"), "gzip");
  Response response = text_response("application/x-ndjson", "");
  response.questions = questions.size();
  Batch::Hooks hooks;
  hooks.answer = [this](const std::string& question, Cancel& own) {
    const Route one{.work = [&](const Request&, Cancel& stop) -> Result<Response> {
      RH_ASSIGN(const metric::Answer answer, ask(question, stop, static_cast<int>(options_.most_rows)));
      return text_response("application/json", dump(metric::to_json(answer)));
    }};
    return run(one, {}, own);
  };
  hooks.told = [this](int status) { counters_.add_question(status); };
  const auto batch = std::make_shared<Batch>(std::move(questions), packed, std::move(hooks));
  response.pieces = batch->pieces();
  response.set("Vary", "Accept-Encoding");
  response.set("X-Accel-Buffering", "no");
  if (packed) response.set("Content-Encoding", "gzip");
  batch->start(queue_, client_of(request), cancel);
  return response;
}

Result<Response> Service::download(const Request& request, Cancel& cancel) const {
  const std::string as = request.parameter("as").empty() ? "csv" : request.parameter("as");
  if (as != "csv" && as != "xlsx")
    return fail(ErrorKind::kUsage, fmt::format("cannot export as '{}'", as.substr(0, 40)), "As csv or xlsx.");
  const std::string& asked = asked_by(request);
  RH_ASSIGN(const metric::Answer answer, ask(asked, cancel, 0));
  const std::string title = request.parameter("title").empty() ? answer.view : request.parameter("title");
  Response response;
  if (as == "csv") {
    response.type = "text/csv; charset=utf-8";
    response.body = to_csv(answer);
  } else {
    response.type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    RH_ASSIGN(response.body, to_xlsx(answer, title, asked));
  }
  response.set("Content-Disposition", disposition(title, as));
  response.set("Cache-Control", "no-store");
  return response;
}

Result<Response> Service::model() const {
  const auto snapshot = live_.snapshot();
  if (!snapshot) {
    Error error = live_.problem().value_or(Error{ErrorKind::kUnavailable, "no version is open", {}, {}});
    error.kind = ErrorKind::kUnavailable;
    return fail(std::move(error));
  }
  Request same;
  same.path = "/api/model";
  return kept_response(dump(snapshot->describe()), etag_of(same, snapshot->version().number));
}

Result<Response> Service::status() const {
  const auto snapshot = live_.snapshot();
  const auto problem = live_.problem();
  Json json = {{"version", 0}, {"published", nullptr}, {"run", nullptr}};
  std::map<std::string, std::string> parameters;
  if (snapshot) {
    const auto& version = snapshot->version();
    json = {{"version", version.number}, {"published", version.created}, {"run", version.run}};
    parameters["run"] = version.run;
  }
  const auto source = options_.sources.find("status");
  if (source != options_.sources.end()) {
    RH_ASSIGN(const Json more, source->second(parameters));
    for (const auto& [key, value] : more.items()) json[key] = value;
  }
  if (problem) json["problem"] = problem->to_string();
  return json_response(json);
}

Response Service::ready() const {
  const auto snapshot = live_.snapshot();
  if (snapshot) return json_response({{"ready", true}, {"version", snapshot->version().number}});
  const auto problem = live_.problem();
  Response response = json_response(
      {{"ready", false}, {"reason", problem ? problem->message : std::string("no version is open")}}, 503);
  response.set("Retry-After", "2");
  return response;
}

Response Service::events(const Request& request) const {
  const auto snapshot = live_.snapshot();
  Response response = text_response(
      "text/event-stream", "retry: 2000\n" + version_event(snapshot ? snapshot->version().number : 0));
  response.set("X-Accel-Buffering", "no");
  response.events = request.method == "GET";
  return response;
}

Response Service::numbers() const {
  const auto snapshot = live_.snapshot();
  const auto number = [](const auto& function) { return function ? static_cast<double>(function()) : 0.0; };
  std::string text = counters_.render(
      {{"reelhouse_version", "Published version that is open; 0 = none.",
        snapshot ? static_cast<double>(snapshot->version().number) : 0.0},
       {"reelhouse_connections", "Open connections.", number(numbers_.connections)},
       {"reelhouse_event_streams", "Open event streams.", number(numbers_.event_streams)},
       {"reelhouse_queue_waiting", "Questions that wait.", static_cast<double>(queue_.waiting())},
       {"reelhouse_queries_running", "Questions being answered.", static_cast<double>(queue_.running())},
       {"reelhouse_access_log_dropped", "Lines of the access log that could not be written.",
        number(numbers_.log_lines_dropped)},
       {"process_resident_memory_bytes", "Resident memory.", static_cast<double>(resident_memory())}});
  if (options_.more_numbers) text += options_.more_numbers();
  return text_response("text/plain; version=0.0.4", std::move(text));
}

}  // namespace reelhouse::serve

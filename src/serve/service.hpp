#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "serve/assets.hpp"
#include "serve/counters.hpp"
#include "serve/fair_queue.hpp"
#include "serve/guard.hpp"
#include "serve/http_server.hpp"
#include "serve/live.hpp"

namespace reelhouse::serve {

/// What another room knows, as the API shows it. Called from worker threads, several at once.
using Source = std::function<Result<Json>(const std::map<std::string, std::string>& parameters)>;

/// What a POST asks another room to do.
struct Order {
  std::string id;  ///< from the path
  std::string body;
  std::map<std::string, std::string> headers;  ///< names in lower case
};
using Action = std::function<Result<Json>(const Order&)>;

struct ServiceOptions {
  std::string project;  ///< its name, for people
  Json pages;           ///< as load_dashboards gives them
  /// "runs" answers GET /api/runs and, with the parameter `id`, /api/runs/ID; so do the others.
  /// "status" (parameter `run`) completes /api/status and has no path of its own.
  std::map<std::string, Source> sources;
  /// "run/cancel" answers POST /api/run/ID/cancel, "hooks" POST /api/hooks/ID; with 202.
  std::map<std::string, Action> actions;
  std::function<std::string()> more_numbers;  ///< for /metrics, besides the server's own; must not wait
  size_t most_rows = 100'000;                 ///< of an answer; exports hold all
};

/// Numbers of the server that Prometheus is shown.
struct ServerNumbers {
  std::function<size_t()> connections;
  std::function<size_t()> event_streams;
  std::function<uint64_t()> log_lines_dropped;
};

/// Answers requests: who may ask, which path means what, and where the work is done. Thread-safe.
class Service {
 public:
  /// All must outlive this.
  Service(ServiceOptions options, const Guard& guard, Live& live, FairQueue& queue, const Assets& assets);

  void set_numbers(ServerNumbers numbers) { numbers_ = std::move(numbers); }
  /// Answers what is at hand at once, and queues the rest; never waits.
  void handle(Request request, const std::shared_ptr<Cancel>& cancel, const Respond& respond);
  std::chrono::milliseconds time_for(const Request& request) const;
  void count(const Exchange& exchange);
  /// Renders the event that tells open pages of a version.
  static std::string version_event(int version);
  /// Renders the event that tells open pages that runs have changed.
  static std::string runs_event();

 private:
  using Work = std::function<Result<Response>(const Request&, Cancel&)>;
  struct Route {
    Work work;
    bool queued = true;
    FairQueue::Lane lane = FairQueue::Lane::kQuick;
    std::chrono::seconds time{30};  ///< after which nobody waits for the answer any more
    bool posts = false;             ///< POST is allowed too
    bool reads = true;              ///< GET is allowed
    bool versioned = false;         ///< the same request has the same answer as long as the version stays
  };

  void add_routes();
  void add_sources();
  const Route* find(Request& request) const;
  const Route* find_action(Request& request) const;
  std::string route_name(const std::string& path) const;
  std::string etag_of(const Request& request, int version) const;
  Response run(const Route& route, const Request& request, Cancel& cancel) const;

  Result<metric::Answer> ask(const std::string& query, Cancel& cancel, int most_rows) const;
  Result<Response> query(const Request& request, Cancel& cancel) const;
  Result<Response> queries(const Request& request, Cancel& cancel);
  Result<Response> download(const Request& request, Cancel& cancel) const;
  Result<Response> model() const;
  Result<Response> status() const;
  Response ready() const;
  Response events(const Request& request) const;
  Response numbers() const;

  ServiceOptions options_;
  const Guard& guard_;
  Live& live_;
  FairQueue& queue_;
  const Assets& assets_;
  Counters counters_;
  ServerNumbers numbers_;
  std::map<std::string, Route> routes_;
  std::map<std::string, Route> actions_;  ///< by the name in ServiceOptions
  std::string dashboards_;
  std::string openapi_;
  std::string nonce_;  ///< of this process, in every ETag: another program may answer differently
};

}  // namespace reelhouse::serve

#include "serve/server.hpp"

#include <atomic>
#include <csignal>
#include <mutex>

#include "base/interrupt.hpp"
#include "serve/access_log.hpp"

namespace reelhouse::serve {
namespace {

constexpr size_t kMostWaiting = 4000;
constexpr size_t kMostWaitingPerClient = 2000;

/// Reaches a server as long as it is there.
struct Reach {
  std::mutex mutex;
  HttpServer* server = nullptr;

  void broadcast(const std::string& event) {
    const std::lock_guard lock(mutex);
    if (server != nullptr) server->broadcast(event);
  }
  void set(HttpServer* now) {
    const std::lock_guard lock(mutex);
    server = now;
  }
};

}  // namespace

Result<> run_server(ServerOptions options, const Clock& clock,
                    const std::function<void(const Address&)>& ready) {
  RH_ASSIGN(const Address address, parse_address(options.listen));
  RH_TRY(Guard::check_options(address, options.token));
  RH_ASSIGN(const auto log, AccessLog::open(options.access_log, clock));

  std::signal(SIGPIPE, SIG_IGN);  // who read the log may be gone

  const Guard guard(address, options.token, options.hosts);
  const Assets assets(embedded_pages());
  HttpServer* told = nullptr;
  std::atomic<bool> announced = false;
  const Address* listening = nullptr;
  const auto announce = [&] {
    if (!announced.exchange(true)) ready(*listening);
  };
  Live::Source source = options.live;
  source.opened = [&, also = options.live.opened](int version) {
    told->broadcast(Service::version_event(version));
    announce();
    if (also) also(version);
  };
  source.failed = [&, also = options.live.failed](const Error& error) {
    announce();
    if (also) also(error);
  };
  Live live(std::move(source));
  FairQueue queue(options.workers, kMostWaiting, kMostWaitingPerClient);
  Service service(std::move(options.service), guard, live, queue, assets);

  ServerHooks hooks;
  hooks.handle = [&](Request request, const std::shared_ptr<Cancel>& cancel, const Respond& respond) {
    service.handle(std::move(request), cancel, respond);
  };
  hooks.time_for = [&](const Request& request) { return service.time_for(request); };
  hooks.decorate = &Guard::decorate;
  hooks.done = [&](const Exchange& exchange) {
    log->write(exchange);
    service.count(exchange);
  };
  hooks.tick = [&] { queue.nudge(); };
  RH_ASSIGN(const auto server, HttpServer::listen(address, options.limits, std::move(hooks)));
  told = server.get();
  listening = &server->address();
  service.set_numbers({[&] { return server->connections(); }, [&] { return server->event_streams(); },
                       [&] { return log->dropped(); }});

  const OnInterrupt stop([&] { server->stop(); });
  if (interrupted()) return {};
  const auto reach = std::make_shared<Reach>();
  reach->set(server.get());
  if (options.listening) options.listening([reach] { reach->broadcast(Service::runs_event()); });
  live.start();
  server->run();
  reach->set(nullptr);
  queue.stop();
  live.stop();
  return {};
}

}  // namespace reelhouse::serve

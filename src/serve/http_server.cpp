#include "serve/http_server.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "serve/connection.hpp"

namespace reelhouse::serve {
namespace {

constexpr auto kTick = std::chrono::milliseconds(500);
constexpr size_t kDescriptorsKept = 256;  ///< for files of the warehouse, when sockets are many

class BeastServer final : public HttpServer {
 public:
  BeastServer(const ServerLimits& limits, ServerHooks hooks) : acceptor_(core_.io), timer_(core_.io) {
    core_.limits = limits;
    core_.hooks = std::move(hooks);
  }
  ~BeastServer() override { close_all(); }

  Result<> open(const Address& address);
  const Address& address() const override { return address_; }
  void run() override {
    accept();
    tick();
    core_.io.run();
  }
  void stop() override;
  void broadcast(std::string event) override;
  size_t connections() const override { return core_.open; }
  size_t event_streams() const override { return core_.streams; }

 private:
  void accept();
  void accepted(Code code, tcp::socket socket);
  void tick();
  void close_all();

  Core core_;
  tcp::acceptor acceptor_;
  asio::steady_timer timer_;
  Address address_;
  uint64_t next_ = 1;
  Instant stop_at_ = Instant::max();
};

/// Allows as many descriptors as the system grants; returns how many connections that leaves room for.
size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 512;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur > 2 * kDescriptorsKept ? static_cast<size_t>(limit.rlim_cur) - kDescriptorsKept
                                               : static_cast<size_t>(limit.rlim_cur) / 2;
}

Result<> BeastServer::open(const Address& address) {
  address_ = address;
  core_.limits.connections = std::min(core_.limits.connections, raise_descriptor_limit());
  Code code;
  const tcp::endpoint endpoint(asio::ip::make_address(address.numeric, code), address.port);
  if (!code) acceptor_.open(endpoint.protocol(), code);
  if (!code) acceptor_.set_option(tcp::acceptor::reuse_address(true), code);
  if (!code) acceptor_.bind(endpoint, code);
  if (!code) acceptor_.listen(4096, code);
  if (code == asio::error::address_in_use)
    return fail(ErrorKind::kBusy, fmt::format("cannot listen on {}: another program does", address.text()),
                "Stop it, or choose another port: reelhouse serve --listen 127.0.0.1:0 picks a free one.");
  if (code == asio::error::access_denied)
    return fail(ErrorKind::kPermission, fmt::format("may not listen on {}", address.text()),
                "Ports below 1024 are the system's; choose a higher one.");
  if (code)
    return fail(ErrorKind::kUsage, fmt::format("cannot listen on {}: {}", address.text(), code.message()),
                "Choose an address of this machine, as in 127.0.0.1:8080.");
  address_.port = acceptor_.local_endpoint(code).port();
  return {};
}

void BeastServer::accept() {
  acceptor_.async_accept([this](Code code, tcp::socket socket) { accepted(code, std::move(socket)); });
}

void BeastServer::accepted(Code code, tcp::socket socket) {
  if (!acceptor_.is_open()) return;
  if (code) {  // out of descriptors, most likely: wait for some to be freed
    auto pause = std::make_shared<asio::steady_timer>(core_.io, std::chrono::milliseconds(100));
    return pause->async_wait([this, pause](Code) {
      if (acceptor_.is_open()) accept();
    });
  }
  Code ignored;
  const auto remote = socket.remote_endpoint(ignored);
  socket.set_option(tcp::no_delay(true), ignored);
  if (core_.open >= core_.limits.connections) {
    static const std::string full =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: "
        "close\r\n\r\n";
    socket.non_blocking(true, ignored);
    socket.send(asio::buffer(full), 0, ignored);
    socket.close(ignored);
  } else {
    const uint64_t number = next_++;
    auto connection =
        std::make_shared<Connection>(core_, std::move(socket), number, remote.address().to_string(ignored));
    ++core_.open;
    core_.connections.emplace(number, connection);
    connection->start();
  }
  accept();
}

void BeastServer::tick() {
  timer_.expires_after(kTick);
  timer_.async_wait([this](Code code) {
    if (code) return;
    const Instant time = now();
    std::vector<std::shared_ptr<Connection>> all;
    all.reserve(core_.connections.size());
    for (const auto& [number, connection] : core_.connections) all.push_back(connection);
    for (const auto& connection : all) connection->tick(time);
    if (core_.hooks.tick) core_.hooks.tick();
    if (core_.draining && (core_.connections.empty() || time > stop_at_)) return close_all();
    tick();
  });
}

void BeastServer::close_all() {
  const auto all = std::move(core_.connections);
  core_.connections.clear();
  for (const auto& [number, connection] : all) connection->close();
  core_.io.stop();
}

void BeastServer::stop() {
  asio::post(core_.io, [this] {
    if (core_.draining) return;
    core_.draining = true;
    stop_at_ = now() + core_.limits.drain;
    Code ignored;
    acceptor_.close(ignored);
    std::vector<std::shared_ptr<Connection>> all;
    for (const auto& [number, connection] : core_.connections) all.push_back(connection);
    for (const auto& connection : all) connection->drain();
    if (core_.connections.empty()) close_all();
  });
}

void BeastServer::broadcast(std::string event) {
  auto kept = std::make_shared<const std::string>(std::move(event));
  asio::post(core_.io, [this, kept] {
    std::vector<std::shared_ptr<Connection>> all;
    for (const auto& [number, connection] : core_.connections) all.push_back(connection);
    for (const auto& connection : all) connection->send_event(kept);
  });
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::listen(const Address& address, const ServerLimits& limits,
                                                       ServerHooks hooks) {
  auto server = std::make_unique<BeastServer>(limits, std::move(hooks));
  RH_TRY(server->open(address));
  return server;
}

}  // namespace reelhouse::serve

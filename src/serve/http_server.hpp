#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "serve/address.hpp"
#include "serve/http.hpp"

namespace reelhouse::serve {

/// What a client may send, and how long each part may take.
struct ServerLimits {
  size_t connections = 10'000;
  size_t header_bytes = size_t{16} << 10;  ///< all fields together
  size_t target_bytes = size_t{64} << 10;  ///< path and query
  size_t body_bytes = size_t{1} << 20;
  std::chrono::milliseconds headers{10'000};
  std::chrono::milliseconds body{30'000};
  std::chrono::milliseconds idle{60'000};        ///< between requests
  std::chrono::milliseconds write{30'000};       ///< without a client taking anything
  std::chrono::milliseconds keep_alive{15'000};  ///< between comments of an event stream
  std::chrono::milliseconds drain{3'000};        ///< of a stop, for what is being answered
};

/// One exchange that ended, for logs and counters.
struct Exchange {
  std::string method;
  std::string path;
  std::string peer;
  int status = 0;  ///< 499 when the client went away before the answer
  size_t bytes = 0;
  double seconds = 0;
  size_t questions = 0;  ///< that a request of several asked
};

/// What the server asks of who owns it. `handle` is called on the socket thread and must not wait.
struct ServerHooks {
  Handler handle;
  /// How long the work behind a request may take; then the client gets 504 and the work is cancelled.
  std::function<std::chrono::milliseconds(const Request&)> time_for;
  std::function<void(Response&)> decorate;  ///< adds headers to every response; any thread
  std::function<void(const Exchange&)> done;
  std::function<void()> tick;  ///< twice a second
};

/// An HTTP/1.1 server on one thread, for clients that may be idle, slow, gone or hostile. A client that
/// goes away cancels the work for it. No other part of the program sees a socket.
class HttpServer {
 public:
  virtual ~HttpServer() = default;
  /// Starts to listen; requests wait until run(). Errors: kBusy (the port is taken), kPermission,
  /// kUsage (no address of this machine).
  static Result<std::unique_ptr<HttpServer>> listen(const Address& address, const ServerLimits& limits,
                                                    ServerHooks hooks);
  /// Address with the port that was picked.
  virtual const Address& address() const = 0;
  /// Serves until stop(), on this thread.
  virtual void run() = 0;
  /// Takes no more requests, lets those that run end within ServerLimits::drain, and ends run(). Any
  /// thread.
  virtual void stop() = 0;
  /// Sends bytes to every open event stream. Any thread.
  virtual void broadcast(std::string event) = 0;
  virtual size_t connections() const = 0;
  virtual size_t event_streams() const = 0;
};

}  // namespace reelhouse::serve

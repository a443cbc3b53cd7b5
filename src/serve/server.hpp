#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "serve/service.hpp"

namespace reelhouse::serve {

struct ServerOptions {
  std::string listen = "127.0.0.1:8080";
  std::string token;               ///< needed for any address but a loopback one
  std::vector<std::string> hosts;  ///< further names that the server goes by
  std::string access_log = "-";    ///< "-" standard error, "none", or a file
  size_t workers = 2;              ///< questions answered at once
  ServerLimits limits;
  ServiceOptions service;
  /// Called once the server listens, with a way to tell open pages that runs have changed, from any thread
  /// and at any time.
  std::function<void(std::function<void()> tell_runs)> listening;
  /// `opened` and `failed` are called besides what the server does itself.
  Live::Source live;
};

/// Serves until Ctrl-C or SIGTERM. Calls `ready` with the address once it listens and the first attempt to
/// open the published version was made. Errors: kUsage (address, missing token), kBusy (port), kPermission.
Result<> run_server(ServerOptions options, const Clock& clock,
                    const std::function<void(const Address&)>& ready);

}  // namespace reelhouse::serve

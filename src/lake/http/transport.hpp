#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "lake/http/uri.hpp"

namespace reelhouse::lake {

using Milliseconds = std::chrono::milliseconds;

/// What a server answered. Header names are lower case.
struct HttpResponse {
  int status = 0;
  Pairs headers;
  std::string body;  ///< empty when it went into a sink

  /// The header's value, or empty.
  std::string header(std::string_view name) const;
};

/// Takes the body of an answer piece by piece; only that of a success.
class BodySink {
 public:
  virtual ~BodySink() = default;
  /// Sees status and headers before the body. An error ends the transfer.
  virtual Result<> begin(const HttpResponse& head) = 0;
  virtual Result<> write(std::span<const std::byte> bytes) = 0;
  /// Bytes taken so far: a request that broke is sent again for what lies behind them.
  virtual uint64_t position() const = 0;
};

/// A part of an open file, to be sent.
struct FilePiece {
  int descriptor = -1;
  uint64_t offset = 0;
  uint64_t length = 0;
};

struct HttpRequest {
  std::string method;
  std::string url;
  Pairs headers;
  std::string text;               ///< the body, unless `file` is
  std::optional<FilePiece> file;  ///< the body
  BodySink* sink = nullptr;       ///< takes a success's body; null: it is kept in the answer
  Milliseconds connect_timeout{10'000};
  Milliseconds stall{30'000};    ///< without a byte (or below 1 kB/s) for so long: given up
  Milliseconds total{0};         ///< 0: as long as it moves
  bool direct = false;           ///< never through a proxy
  bool uninterruptible = false;  ///< goes on after Ctrl-C: clearing up
  /// Not over a connection that was kept: libcurl sends again by itself, untold, when such a one breaks.
  bool new_connection = false;
};

/// Why there is no answer.
struct HttpFailure {
  enum class Kind {
    kResolve,      ///< the host's name is not known
    kConnect,      ///< nobody answers there
    kTls,          ///< the certificate or the handshake is wrong
    kBroken,       ///< reset, cut off or garbled
    kStalled,      ///< no byte for too long
    kInterrupted,  ///< Ctrl-C
    kSink,         ///< the sink refused: see `error`
    kSetup,        ///< it could not even be tried
  };
  Kind kind = Kind::kBroken;
  std::string message;
  std::optional<Error> error;
};

/// Sends requests over HTTP. Thread-safe; keeps connections open between requests.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual tl::expected<HttpResponse, HttpFailure> perform(const HttpRequest& request) = 0;
};

/// The real one. `ca_bundle`: a file of certificates to trust instead of the system's; may be empty.
/// Proxies come from the variables that curl knows (https_proxy, no_proxy and so on).
std::shared_ptr<Transport> make_curl_transport(std::string ca_bundle);

}  // namespace reelhouse::lake

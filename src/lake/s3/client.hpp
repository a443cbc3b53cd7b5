#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "lake/s3/credentials.hpp"
#include "lake/s3/location.hpp"
#include "lake/s3/refusal.hpp"
#include "lake/s3/settings.hpp"

namespace reelhouse::lake::s3 {

/// Bytes of an object: from `begin` up to, without, `end`.
struct ByteRange {
  uint64_t begin = 0;
  uint64_t end = 0;
};

/// One S3 operation, before it has an address and a signature.
struct Request {
  std::string method = "GET";
  std::string key;  ///< whole, in the bucket; empty: the bucket itself
  Pairs query;
  Pairs headers;
  std::string text;                ///< the body, unless `file` is
  std::optional<FilePiece> file;   ///< the body
  std::string payload_hash;        ///< SHA-256 of `file` in hexadecimal digits
  std::optional<ByteRange> range;  ///< what `sink` is for; a broken read goes on behind its position
  bool whole = false;              ///< `range` is all of the object: it is asked for only when a read goes on
  BodySink* sink = nullptr;
  /// Looks at a success; kUnavailable counts as a broken answer, and the request is sent again.
  std::function<Result<>(const HttpResponse&)> accept;
  std::string doing;   ///< for messages: "reading the object"
  std::string action;  ///< for messages: "s3:GetObject"
  bool uninterruptible = false;
  bool new_connection = false;  ///< for what has an effect each time: see HttpRequest
  /// Becomes true when a try broke off and may have had its effect, also when a later one succeeds.
  bool* in_doubt = nullptr;
};

/// Why a request got no success in the end.
struct Failure {
  Error error;
  int status = 0;           ///< 0: no answer
  std::string code;         ///< S3's own
  bool maybe_done = false;  ///< an earlier try broke off, and may have had its effect
};

/// Speaks S3 about one bucket: addresses, signs, sends, follows the bucket to its region, and tries
/// again what can heal. Thread-safe.
class Client {
 public:
  Client(S3Settings settings, Location location, std::shared_ptr<Transport> transport,
         std::shared_ptr<Timing> timing, std::shared_ptr<CredentialsProvider> credentials);

  /// Errors: kNotFound, kPermission, kUnavailable, kBusy (412), kFull, kUsage, kInterrupted, and those of
  /// the sink.
  tl::expected<HttpResponse, Failure> try_send(const Request& request) const;
  /// The same for whoever needs the error only.
  Result<HttpResponse> send(const Request& request) const;

  const Location& location() const { return location_; }
  const S3Settings& settings() const { return settings_; }
  /// Names the bucket and its server, to tell buckets of one name apart.
  std::string place() const { return settings_.endpoint.to_string() + "/" + location_.bucket; }

 private:
  friend class Sending;
  /// What is learnt on the way.
  struct Route {
    Endpoint endpoint;
    std::string region;
    bool path_style = false;
    bool operator==(const Route& other) const;
  };
  Route route() const;

  S3Settings settings_;
  Location location_;
  std::shared_ptr<Transport> transport_;
  std::shared_ptr<Timing> timing_;
  std::shared_ptr<CredentialsProvider> credentials_;
  mutable std::mutex mutex_;
  mutable Route route_;
  mutable Milliseconds clock_offset_{0};
};

}  // namespace reelhouse::lake::s3

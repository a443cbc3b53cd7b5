#include "lake/s3/client.hpp"

#include <algorithm>
#include <charconv>

#include "base/digest.hpp"
#include "lake/s3/redirect.hpp"

namespace reelhouse::lake::s3 {
namespace {

constexpr int kMostExpired = 4;    ///< refusals as expired, before they are believed
constexpr int kMostRedirects = 5;  ///< to places that are new

Milliseconds retry_after(const HttpResponse& answer) {
  const std::string text = answer.header("retry-after");
  int seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return Milliseconds(1000 * std::clamp(seconds, 0, 60));
}

}  // namespace

bool Client::Route::operator==(const Route& other) const {
  return endpoint.to_string() == other.endpoint.to_string() && region == other.region &&
         path_style == other.path_style;
}

/// One request from its first try to its last.
class Sending {
 public:
  Sending(const Client& client, const Request& request)
      : client_(client), request_(request), retry_(client.settings_.retry, *client.timing_) {}

  tl::expected<HttpResponse, Failure> run() {
    while (true) {
      auto found = client_.credentials_->get();
      if (!found) return failed(std::move(found).error());
      credentials_ = std::move(*found);
      route_ = client_.route();
      const uint64_t before = request_.sink != nullptr ? request_.sink->position() : 0;
      auto answer = client_.transport_->perform(build(request_));
      if (request_.sink != nullptr && request_.sink->position() > before) retry_.progressed();
      failure_.reset();
      const bool done = answer ? judge(*answer) : judge(answer.error());
      if (request_.in_doubt != nullptr) *request_.in_doubt = maybe_done_;
      if (done && !failure_) return std::move(*answer);
      if (done) return failed(std::move(*failure_));
    }
  }

 private:
  using Next = Retry::Next;

  HttpRequest build(const Request& request) const {
    const std::string& bucket = client_.location_.bucket;
    const std::string host = address();
    const std::string path =
        route_.endpoint.path + (route_.path_style ? "/" + bucket : "") + "/" + uri_encode(request.key, true);
    HttpRequest http;
    http.method = request.method;
    http.url = route_.endpoint.scheme + "://" + host + path;
    if (!request.query.empty()) http.url += "?" + encode_query(request.query);
    http.headers = request.headers;
    http.text = request.text;
    http.file = request.file;
    http.sink = request.sink;
    http.stall = client_.settings_.retry.stall;
    http.uninterruptible = request.uninterruptible;
    http.new_connection = request.new_connection;
    http.direct = is_loopback(route_.endpoint.host_name());
    if (request.sink == nullptr && !request.file) http.total = std::max(Milliseconds(1000), retry_.left());
    add_range(request, http.headers);
    const std::string hash =
        request.file ? request.payload_hash : to_hex(digest_of(DigestKind::kSha256, request.text));
    http.headers.emplace_back("x-amz-content-sha256", hash);
    Signable signable{request.method, path, request.query, http.headers, hash};
    signable.headers.emplace_back("host", host);
    const Pairs added = sign(std::move(signable), credentials_.credentials, {route_.region, "s3", now()});
    http.headers.insert(http.headers.end(), added.begin(), added.end());
    return http;
  }

  /// The host that is asked: of a virtual-host address it begins with the bucket's name.
  std::string address() const {
    return (route_.path_style ? "" : client_.location_.bucket + ".") + route_.endpoint.host;
  }

  /// Adds to a hint what may be wrong with an address that begins with the bucket's name. AWS has these.
  std::string about_address(std::string hint) const {
    if (route_.path_style || client_.settings_.is_aws) return hint;
    return hint + (hint.empty() ? "" : " ") +
           fmt::format(
               "The bucket is asked for at {}; when the server does not answer to such names, set "
               "AWS_S3_ADDRESSING_STYLE=path.",
               address());
  }

  static void add_range(const Request& request, Pairs& headers) {
    if (!request.range) return;
    const uint64_t position = request.sink != nullptr ? request.sink->position() : 0;
    if (request.whole && position == 0) return;
    const uint64_t begin = request.range->begin + position;
    headers.emplace_back("range", fmt::format("bytes={}-{}", begin, request.range->end - 1));
  }

  Time now() const {
    const std::lock_guard lock(client_.mutex_);
    return client_.timing_->now() + client_.clock_offset_;
  }

  /// True when nothing is left to try; failure_ is set then unless it is a success.
  bool judge(const HttpResponse& answer) {
    Refusal refusal{answer.status, {}};
    const bool success = answer.status / 100 == 2;
    if (const auto body = parse_error(answer.body)) {
      refusal.body = *body;
      if (success) refusal.status = 500;  // an upload's completion may fail after its 200
    } else if (success) {
      const auto accepted = request_.accept ? request_.accept(answer) : Result<>();
      if (accepted) return true;
      if (accepted.error().kind != ErrorKind::kUnavailable) return give_up(accepted.error());
      maybe_done_ = true;
      return wait(
          error(ErrorKind::kUnavailable, accepted.error().message, about_address(accepted.error().hint)));
    }
    Remedy remedy = remedy_of(refusal);
    const bool mute = request_.method == "HEAD" && (remedy == Remedy::kGoElsewhere || answer.status == 400 ||
                                                    answer.status == 401 || answer.status == 403);
    if (!mute) return heal(answer, refusal, remedy);
    auto told = tell(answer, refusal);
    if (!told) return wait(error(ErrorKind::kUnavailable, told.error().message, ""));
    return heal(*told, refusal, remedy_of(refusal));
  }

  /// Asks by GET what a HEAD's answer, which has no body, did not say.
  tl::expected<HttpResponse, HttpFailure> tell(const HttpResponse& answer, Refusal& refusal) {
    if (!answer.header("x-amz-bucket-region").empty() && refusal.status / 100 == 3) return answer;
    Request get = request_;
    get.method = "GET";
    get.range = ByteRange{0, 1};
    get.whole = false;
    auto told = client_.transport_->perform(build(get));
    if (!told) return told;
    if (const auto body = parse_error(told->body)) refusal.body = *body;
    // A success means that the refusal was a passing one.
    refusal.status = told->status / 100 == 2 || told->status == 416 ? 503 : told->status;
    return told;
  }

  bool heal(const HttpResponse& answer, const Refusal& refusal, Remedy remedy) {
    code_ = refusal.body.code;
    status_ = refusal.status;
    const auto explained = [&] {
      Error error = explain(refusal, asked(), credentials_);
      const bool strange = code_.empty() || code_ == "NoSuchBucket" || code_ == "InvalidBucketName" ||
                           code_ == "MethodNotAllowed" || refusal.status / 100 == 3;
      if (strange) error.hint = about_address(std::move(error.hint));
      return error;
    };
    switch (remedy) {
      case Remedy::kNone:
        return give_up(explained());
      case Remedy::kWait:
        maybe_done_ = true;
        return wait(explained(), retry_after(answer));
      case Remedy::kRefresh:
        client_.credentials_->refused(credentials_.credentials);
        if (++expired_ >= kMostExpired) return give_up(explained());
        return expired_ > 1 && wait(explained());
      case Remedy::kSetClock:
        if (clock_set_ || !set_clock(answer)) return give_up(explained());
        clock_set_ = true;
        return false;
      case Remedy::kGoElsewhere:
        break;
    }
    if (redirects_ >= kMostRedirects) return give_up(explained());
    if (!go_elsewhere(answer, refusal.body)) return wait(explained());
    ++redirects_;
    return false;
  }

  bool set_clock(const HttpResponse& answer) const {
    const auto theirs = parse_http_time(answer.header("date"));
    if (!theirs) return false;
    const std::lock_guard lock(client_.mutex_);
    client_.clock_offset_ = *theirs - client_.timing_->now();
    return true;
  }

  /// Turns to where the bucket is said to be; false when that is where we were.
  bool go_elsewhere(const HttpResponse& answer, const ErrorBody& body) const {
    const Elsewhere there = read_redirect(answer, body, client_.location_.bucket);
    Client::Route next = route_;
    if (!there.region.empty()) next.region = there.region;
    if (client_.settings_.is_aws && !there.region.empty()) {
      next.endpoint = aws_endpoint("s3", there.region);
    } else if (there.endpoint && may_follow(route_.endpoint, *there.endpoint)) {
      const std::string path = next.endpoint.path;
      next.endpoint = *there.endpoint;
      next.endpoint.path = path;
      next.path_style = there.path_style;
    }
    if (next == route_) return false;
    const std::lock_guard lock(client_.mutex_);
    client_.route_ = next;
    return true;
  }

  bool judge(const HttpFailure& why) {
    using Kind = HttpFailure::Kind;
    code_.clear();
    status_ = 0;
    if (why.kind == Kind::kInterrupted) return give_up(interruption());
    if (why.kind == Kind::kSink) {
      Error refused = *why.error;
      if (refused.where.empty()) refused.where = where();
      if (refused.kind == ErrorKind::kUnavailable) return wait(std::move(refused));
      return give_up(std::move(refused));
    }
    const std::string host = address();
    if (why.kind == Kind::kTls)
      return give_up(error(
          ErrorKind::kUnavailable, fmt::format("no secure connection to {}: {}", host, why.message),
          about_address("Check the endpoint's certificate, or name a bundle that holds its authority in "
                        "AWS_CA_BUNDLE.")));
    if (why.kind == Kind::kSetup) return give_up(error(ErrorKind::kUnavailable, why.message, ""));
    if (why.kind == Kind::kResolve) {
      Error unknown =
          error(ErrorKind::kUnavailable, fmt::format("the host {} is not known: {}", host, why.message),
                about_address("Check AWS_ENDPOINT_URL_S3 and AWS_REGION, and the network."));
      return wait(std::move(unknown), Milliseconds(0), client_.settings_.retry.attempts_unknown_host);
    }
    const bool connected = why.kind != Kind::kConnect;
    maybe_done_ = maybe_done_ || connected;
    const RetryPolicy& policy = client_.settings_.retry;
    return wait(error(ErrorKind::kUnavailable, fmt::format("no answer from {}: {}", host, why.message),
                      about_address("Check AWS_ENDPOINT_URL_S3 and the network, then try again.")),
                Milliseconds(0), connected ? policy.attempts : policy.attempts_no_connection);
  }

  /// Waits for the next try; true when there is none.
  bool wait(Error last, Milliseconds at_least = Milliseconds(0), int attempts = 0) {
    const auto next = retry_.again(attempts > 0 ? attempts : client_.settings_.retry.attempts, at_least);
    if (next == Next::kTry) return false;
    if (next == Next::kInterrupted) return give_up(interruption());
    if (retry_.failed() > 1) last.message += fmt::format("; tried {} times", retry_.failed());
    return give_up(std::move(last));
  }

  bool give_up(Error why) {
    failure_ = std::move(why);
    return true;
  }

  tl::unexpected<Failure> failed(Error why) const {
    if (why.where.empty()) why.where = where();
    why.message = redacted(std::move(why.message), credentials_.credentials);
    return tl::unexpected(Failure{std::move(why), status_, code_, maybe_done_});
  }

  std::string where() const { return client_.location_.name_of(request_.key); }
  Asked asked() const {
    return {request_.doing, where(), route_.endpoint.host, route_.region, request_.action};
  }
  Error error(ErrorKind kind, const std::string& what, const std::string& hint) const {
    return {kind, request_.doing + ": " + what, hint, where()};
  }
  Error interruption() const { return error(ErrorKind::kInterrupted, "interrupted", ""); }

  const Client& client_;
  const Request& request_;
  Retry retry_;
  FoundCredentials credentials_;
  Client::Route route_;
  std::optional<Error> failure_;
  std::string code_;
  int status_ = 0;
  int expired_ = 0;
  int redirects_ = 0;
  bool clock_set_ = false;
  bool maybe_done_ = false;
};

Client::Client(S3Settings settings, Location location, std::shared_ptr<Transport> transport,
               std::shared_ptr<Timing> timing, std::shared_ptr<CredentialsProvider> credentials)
    : settings_(std::move(settings)),
      location_(std::move(location)),
      transport_(std::move(transport)),
      timing_(std::move(timing)),
      credentials_(std::move(credentials)),
      route_{settings_.endpoint, settings_.region, settings_.path_style} {}

Client::Route Client::route() const {
  const std::lock_guard lock(mutex_);
  return route_;
}

tl::expected<HttpResponse, Failure> Client::try_send(const Request& request) const {
  return Sending(*this, request).run();
}

Result<HttpResponse> Client::send(const Request& request) const {
  auto answer = try_send(request);
  if (!answer) return fail(std::move(answer).error().error);
  return std::move(*answer);
}

}  // namespace reelhouse::lake::s3

#include "lake/fetch/download.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <ctime>

namespace reelhouse::lake {
namespace {

constexpr int kMostRedirects = 10;
constexpr int kTriesForUnknownHost = 3;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool may_pass(int status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

/// How long a server asks to be left alone: seconds, or a date.
Milliseconds retry_after(const HttpResponse& answer, const Timing& timing) {
  const std::string text = answer.header("retry-after");
  int64_t seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty()) return Milliseconds(0);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) {
    const time_t then = curl_getdate(text.c_str(), nullptr);
    const auto now =
        std::chrono::duration_cast<std::chrono::seconds>(timing.now().time_since_epoch()).count();
    seconds = then < 0 ? 0 : static_cast<int64_t>(then) - now;
  }
  return std::chrono::seconds(std::clamp<int64_t>(seconds, 0, 1'000'000));
}

Error interruption() {
  return {ErrorKind::kInterrupted, "the download was interrupted", "", ""};
}

/// One download from its first request to its last.
class Exchange {
 public:
  Exchange(const DownloadRequest& request, Transport& transport, const RetryPolicy& policy, Timing& timing)
      : request_(request), transport_(transport), policy_(policy), timing_(timing), retry_(policy, timing) {}

  /// Asks until there is an answer that lasts; `part` takes the body of a success (null: it is in the
  /// answer).
  Result<HttpResponse> run(Part* part) {
    while (true) {
      failure_.reset();
      wait_ = Milliseconds(0);
      tries_ = policy_.attempts;
      auto answer = follow(part);
      if (answer) return answer;
      if (!failure_) return fail(std::move(answer).error());
      if (part != nullptr && part->misfit()) RH_TRY(part->reset());
      if (part != nullptr && part->position() > best_) {
        best_ = part->position();
        retry_.progressed();
      }
      if (wait_ > policy_.longest)
        return fail(ErrorKind::kUnavailable,
                    fmt::format("{}: {}, and asks to come back in {} seconds", doing(), *failure_,
                                wait_.count() / 1000),
                    "Fetch again then; what has arrived is kept.", request_.url.display);
      switch (retry_.again(tries_, wait_)) {
        case Retry::Next::kTry:
          break;
        case Retry::Next::kInterrupted:
          return fail(interruption());
        case Retry::Next::kGiveUp:
          return fail(ErrorKind::kUnavailable,
                      fmt::format("{}: {}, after {} tries", doing(), *failure_, retry_.failed()),
                      "Fetch again later; what has arrived is kept.", request_.url.display);
      }
    }
  }

 private:
  std::string doing() const { return fmt::format("fetching {}", request_.name); }

  /// Notes that a try failed in a way that may pass.
  tl::unexpected<Error> again(std::string why) {
    failure_ = std::move(why);
    return fail(ErrorKind::kUnavailable, "");
  }

  Pairs headers_for(const Url& url, bool left_home, const Part* part) const {
    Pairs headers = {{"Accept-Encoding", "identity"}};
    if (!request_.authorization.empty() && !left_home && url.origin == request_.url.origin)
      headers.emplace_back("Authorization", request_.authorization);
    if (part != nullptr && part->whole()) {
      if (!part->head().etag.empty()) headers.emplace_back("If-None-Match", part->head().etag);
      if (!part->head().last_modified.empty())
        headers.emplace_back("If-Modified-Since", part->head().last_modified);
    } else if (part != nullptr && part->position() > 0) {
      headers.emplace_back("Range", fmt::format("bytes={}-", part->position()));
      headers.emplace_back("If-Range", part->head().range_validator());
    } else if (part != nullptr) {
      if (!request_.known_etag.empty()) headers.emplace_back("If-None-Match", request_.known_etag);
      if (!request_.known_last_modified.empty())
        headers.emplace_back("If-Modified-Since", request_.known_last_modified);
    }
    return headers;
  }

  /// Asks once, through all redirects.
  Result<HttpResponse> follow(Part* part) {
    Url url = request_.url;
    bool left_home = false;
    for (int hop = 0; hop <= kMostRedirects; ++hop) {
      HttpRequest asked;
      asked.method = "GET";
      asked.url = url.text;
      asked.headers = headers_for(url, left_home, part);
      asked.sink = part;
      asked.stall = policy_.stall;
      auto answer = transport_.perform(asked);
      if (!answer) return explain(answer.error(), part);
      if (!is_redirect(answer->status)) return judge(std::move(*answer), part);
      RH_ASSIGN(url, redirected(url, answer->header("location")));
      left_home = left_home || url.origin != request_.url.origin;
    }
    return fail(ErrorKind::kUnavailable,
                fmt::format("{}: the server redirects more than {} times", doing(), kMostRedirects),
                "Check the address in a browser.", request_.url.display);
  }

  tl::unexpected<Error> explain(const HttpFailure& failure, const Part* part) {
    using Kind = HttpFailure::Kind;
    switch (failure.kind) {
      case Kind::kInterrupted:
        return fail(interruption());
      case Kind::kSink:
        if (part != nullptr && part->misfit()) return again(failure.error->message);
        return fail(*failure.error);
      case Kind::kTls:
        return fail(
            ErrorKind::kUnavailable, fmt::format("{}: {}", doing(), failure.message),
            "Check the address and this machine's clock; an authority of your own is named with --ca-file.",
            request_.url.display);
      case Kind::kSetup:
        return fail(ErrorKind::kUnavailable, fmt::format("{}: {}", doing(), failure.message),
                    "Check the address.", request_.url.display);
      case Kind::kResolve:
        tries_ = std::min(tries_, kTriesForUnknownHost);
        return again(failure.message);
      case Kind::kStalled:
        return again(fmt::format("no byte came for {} seconds", policy_.stall.count() / 1000));
      default:
        return again(failure.message);
    }
  }

  /// Tells answers that last from those that may be others next time.
  Result<HttpResponse> judge(HttpResponse answer, Part* part) {
    const int status = answer.status;
    if (status == 200 || (status == 206 && part != nullptr && part->position() > 0)) return answer;
    const bool knew = !request_.known_etag.empty() || !request_.known_last_modified.empty();
    const bool conditional = part != nullptr && (part->whole() || (knew && part->position() == 0));
    if (status == 304 && conditional) return answer;
    if (status == 416 && part != nullptr && part->position() > 0) {
      RH_TRY(part->reset());
      return again("the server does not know the range that was asked for");
    }
    if (may_pass(status)) {
      wait_ = retry_after(answer, timing_);
      return again(fmt::format("the server answers {}", status));
    }
    const std::string message = fmt::format("{}: the server answers {}", doing(), status);
    if (status == 401 || status == 403)
      return fail(ErrorKind::kPermission, message + ": it does not let us in", request_.login_hint,
                  request_.url.display);
    if (status == 404 || status == 410)
      return fail(ErrorKind::kNotFound, message + ": there is no such file",
                  "Check the address in the source; the file may have moved.", request_.url.display);
    return fail(ErrorKind::kUnavailable, message, "Check the address in a browser.", request_.url.display);
  }

  const DownloadRequest& request_;
  Transport& transport_;
  const RetryPolicy& policy_;
  Timing& timing_;
  Retry retry_;
  std::optional<std::string> failure_;  ///< why a try failed that may be made again
  Milliseconds wait_{0};
  int tries_ = 0;
  uint64_t best_ = 0;
};

}  // namespace

Result<Downloaded> download(const DownloadRequest& request, Transport& transport, const RetryPolicy& policy,
                            Timing& timing) {
  RH_ASSIGN(Part part, Part::open(request.part, request.url.text));
  const bool had_whole = part.whole();
  Progress progress(fmt::format("fetching {}", request.name), 0, "bytes");
  progress.add(part.position());
  part.show(&progress);
  Exchange exchange(request, transport, policy, timing);
  RH_ASSIGN(const HttpResponse answer, exchange.run(&part));
  Downloaded done;
  done.received = part.received();
  if (answer.status == 304 && !had_whole) {
    Part::remove(request.part);
    done.not_modified = true;
    return done;
  }
  if (answer.status != 304) {
    if (auto finished = part.finish(); !finished) {
      Error error = finished.error();
      error.message = fmt::format("fetching {}: {}", request.name, error.message);
      error.where = request.url.display;
      return fail(std::move(error));
    }
  }
  done.file = part.path();
  done.head = part.head();
  return done;
}

Result<std::string> download_text(const DownloadRequest& request, Transport& transport,
                                  const RetryPolicy& policy, Timing& timing) {
  Exchange exchange(request, transport, policy, timing);
  RH_ASSIGN(HttpResponse answer, exchange.run(nullptr));
  return std::move(answer.body);
}

}  // namespace reelhouse::lake

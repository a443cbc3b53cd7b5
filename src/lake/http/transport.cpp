#include "lake/http/transport.hpp"

#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <mutex>
#include <vector>

#include "base/interrupt.hpp"
#include "base/text.hpp"

namespace reelhouse::lake {
namespace {

constexpr size_t kLargestText = 64 << 20U;  ///< a listing has at most 1,000 keys of 1 kB, encoded
constexpr long kSlowest = 1000;             ///< bytes a second below which a transfer stalls

/// One connection's handles, kept for the next request.
struct Slot {
  CURLM* multi = curl_multi_init();
  CURL* easy = curl_easy_init();
  Slot() = default;
  ~Slot() {
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
};

/// One request on its way: what curl's callbacks need.
struct EasyTransfer {
  const HttpRequest& request;
  HttpResponse response;
  std::optional<Error> sink_error;
  uint64_t body_sent = 0;
  bool begun = false;

  bool to_sink() const { return request.sink != nullptr && response.status / 100 == 2; }
  Result<> begin() {
    if (begun || !to_sink()) return {};
    begun = true;
    return request.sink->begin(response);
  }
};

size_t take_header(char* data, size_t, size_t size, void* target) {
  auto& exchange = *static_cast<EasyTransfer*>(target);
  std::string line(data, size);
  while (line.ends_with('\r') || line.ends_with('\n')) line.pop_back();
  if (line.starts_with("HTTP/")) {  // also after a 100 Continue, and a proxy's own answer
    exchange.response = {};
    const size_t space = line.find(' ');
    if (space != std::string::npos)
      std::from_chars(line.data() + space + 1, line.data() + line.size(), exchange.response.status);
    return size;
  }
  const size_t colon = line.find(':');
  if (colon == std::string::npos) return size;
  const size_t begin = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
  exchange.response.headers.emplace_back(lower(line.substr(0, colon)), line.substr(begin));
  return size;
}

size_t take_body(char* data, size_t, size_t size, void* target) {
  auto& exchange = *static_cast<EasyTransfer*>(target);
  if (!exchange.to_sink()) {
    if (exchange.response.body.size() + size > kLargestText) return 0;
    exchange.response.body.append(data, size);
    return size;
  }
  auto taken = exchange.begin();
  if (taken) taken = exchange.request.sink->write(std::as_bytes(std::span(data, size)));
  if (taken) return size;
  exchange.sink_error = taken.error();
  return 0;
}

size_t give_body(char* buffer, size_t, size_t size, void* target) {
  auto& exchange = *static_cast<EasyTransfer*>(target);
  const HttpRequest& request = exchange.request;
  if (!request.file) {
    const size_t length = std::min(size, request.text.size() - static_cast<size_t>(exchange.body_sent));
    request.text.copy(buffer, length, static_cast<size_t>(exchange.body_sent));
    exchange.body_sent += length;
    return length;
  }
  const size_t wanted = std::min<uint64_t>(size, request.file->length - exchange.body_sent);
  const auto at = static_cast<off_t>(request.file->offset + exchange.body_sent);
  ssize_t got = 0;
  do got = ::pread(request.file->descriptor, buffer, wanted, at);
  while (got < 0 && errno == EINTR);
  if (got < 0 || (got == 0 && wanted > 0)) {
    exchange.sink_error =
        got < 0 ? system_error("reading the file to put", "", errno)
                : Error{ErrorKind::kBusy, "the file became shorter while it was put", "Put it again.", ""};
    return CURL_READFUNC_ABORT;
  }
  exchange.body_sent += static_cast<uint64_t>(got);
  return static_cast<size_t>(got);
}

int rewind_body(void* target, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<EasyTransfer*>(target)->body_sent = static_cast<uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

HttpFailure::Kind kind_of(CURLcode code) {
  using Kind = HttpFailure::Kind;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Kind::kResolve;
    case CURLE_COULDNT_CONNECT:
      return Kind::kConnect;
    case CURLE_OPERATION_TIMEDOUT:
      return Kind::kStalled;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_NOTFOUND:
      return Kind::kTls;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_BAD_FUNCTION_ARGUMENT:
      return Kind::kSetup;
    default:
      return Kind::kBroken;
  }
}

class CurlTransport final : public Transport {
 public:
  explicit CurlTransport(std::string ca_bundle) : ca_bundle_(std::move(ca_bundle)) {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    (void)started;
  }

  tl::expected<HttpResponse, HttpFailure> perform(const HttpRequest& request) override {
    auto slot = take_slot();
    EasyTransfer exchange{request, {}, {}};
    std::string text(CURL_ERROR_SIZE, '\0');
    curl_slist* headers = nullptr;
    for (const auto& [name, value] : request.headers)
      headers = curl_slist_append(headers, (value.empty() ? name + ";" : name + ": " + value).c_str());
    for (const char* removed : {"Expect:", "Accept:"}) headers = curl_slist_append(headers, removed);
    prepare(slot->easy, exchange, headers, text.data());
    const auto code = run(*slot, request);
    curl_slist_free_all(headers);
    if (code && *code == CURLE_OK && !exchange.sink_error)
      if (auto begun = exchange.begin(); !begun) exchange.sink_error = begun.error();
    const bool reusable = code && *code == CURLE_OK;
    if (reusable) give_back(std::move(slot));
    if (exchange.sink_error)
      return tl::unexpected(HttpFailure{HttpFailure::Kind::kSink, "", exchange.sink_error});
    if (!code) return tl::unexpected(HttpFailure{HttpFailure::Kind::kInterrupted, "interrupted", {}});
    if (*code != CURLE_OK) {
      const std::string detail = text.substr(0, text.find('\0'));
      return tl::unexpected(
          HttpFailure{kind_of(*code), detail.empty() ? curl_easy_strerror(*code) : detail, {}});
    }
    return std::move(exchange.response);
  }

 private:
  void prepare(CURL* easy, EasyTransfer& exchange, curl_slist* headers, char* error_text) const {
    const HttpRequest& request = exchange.request;
    const auto set = [easy](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
    curl_easy_reset(easy);
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_ERRORBUFFER, error_text);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_USERAGENT, "reelhouse");
    set(CURLOPT_BUFFERSIZE, 512L * 1024);
    set(CURLOPT_UPLOAD_BUFFERSIZE, 512L * 1024);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.total.count()));
    set(CURLOPT_LOW_SPEED_LIMIT, kSlowest);
    set(CURLOPT_LOW_SPEED_TIME, std::max(1L, static_cast<long>(request.stall.count() / 1000)));
    if (request.direct) set(CURLOPT_PROXY, "");
    if (request.new_connection) set(CURLOPT_FRESH_CONNECT, 1L);
    if (!ca_bundle_.empty()) set(CURLOPT_CAINFO, ca_bundle_.c_str());
    set(CURLOPT_HEADERFUNCTION, &take_header);
    set(CURLOPT_HEADERDATA, &exchange);
    set(CURLOPT_WRITEFUNCTION, &take_body);
    set(CURLOPT_WRITEDATA, &exchange);
    prepare_body(easy, exchange);
  }

  static void prepare_body(CURL* easy, EasyTransfer& exchange) {
    const HttpRequest& request = exchange.request;
    const auto set = [easy](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
    if (request.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else if (request.method == "PUT" || request.method == "POST") {
      set(CURLOPT_UPLOAD, 1L);
      set(CURLOPT_READFUNCTION, &give_body);
      set(CURLOPT_READDATA, &exchange);
      set(CURLOPT_SEEKFUNCTION, &rewind_body);
      set(CURLOPT_SEEKDATA, &exchange);
      set(CURLOPT_INFILESIZE_LARGE,
          static_cast<curl_off_t>(request.file ? request.file->length : request.text.size()));
      if (request.method == "POST") set(CURLOPT_CUSTOMREQUEST, "POST");
    } else if (request.method != "GET") {
      set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
  }

  /// Runs the transfer; nothing when it was interrupted.
  static std::optional<CURLcode> run(Slot& slot, const HttpRequest& request) {
    curl_multi_add_handle(slot.multi, slot.easy);
    std::optional<CURLcode> outcome;
    int running = 1;
    while (running > 0) {
      if (interrupted() && !request.uninterruptible) break;
      if (curl_multi_perform(slot.multi, &running) != CURLM_OK) {
        outcome = CURLE_OUT_OF_MEMORY;
        break;
      }
      if (running > 0) curl_multi_poll(slot.multi, nullptr, 0, 100, nullptr);
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(slot.multi, &left))
      if (message->msg == CURLMSG_DONE) outcome = message->data.result;
    curl_multi_remove_handle(slot.multi, slot.easy);
    return outcome;
  }

  std::unique_ptr<Slot> take_slot() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<Slot>();
    auto slot = std::move(idle_.back());
    idle_.pop_back();
    return slot;
  }

  void give_back(std::unique_ptr<Slot> slot) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(slot));
  }

  std::string ca_bundle_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Slot>> idle_;
};

}  // namespace

std::string HttpResponse::header(std::string_view name) const {
  for (const auto& [header, value] : headers)
    if (header == name) return value;
  return "";
}

std::shared_ptr<Transport> make_curl_transport(std::string ca_bundle) {
  return std::make_shared<CurlTransport>(std::move(ca_bundle));
}

}  // namespace reelhouse::lake

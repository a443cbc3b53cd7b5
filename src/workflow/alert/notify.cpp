#include "workflow/alert/notify.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "base/duration.hpp"
#include "base/hash.hpp"
#include "workflow/alert/address.hpp"
#include "workflow/alert/mail.hpp"
#include "workflow/alert/webhook.hpp"

namespace reelhouse::workflow {
namespace {

using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

/// Reads a variable that a channel names. Errors: kUsage.
Result<std::string> from_environment(const std::string& name, const Channel& channel) {
  const char* value = std::getenv(name.c_str());
  if (value != nullptr && *value != '\0') return std::string(value);
  return fail(ErrorKind::kUsage, fmt::format("telling {}: the variable {} is not set", channel.name, name),
              "Set it where the server is started.");
}

/// One transfer: curl's handle, and what its callbacks need.
class Transfer {
 public:
  Transfer(const Channel& channel, const Address& address, const DeliveryOptions& options)
      : channel_(channel), address_(address), options_(options), easy_(curl_easy_init(), &curl_easy_cleanup) {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    (void)started;
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.whole.count()));
    set(CURLOPT_WRITEFUNCTION, &drop);
    set(CURLOPT_HEADERFUNCTION, &drop);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &may_go_on);
    set(CURLOPT_XFERINFODATA, this);
    if (address.is_loopback()) set(CURLOPT_PROXY, "");
  }

  template <typename Value>
  void set(CURLoption option, Value value) {
    curl_easy_setopt(easy_.get(), option, value);
  }

  /// Sends `text` as the body of a mail; it must outlive the transfer.
  void upload(const std::string& text) {
    left_ = text;
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_READFUNCTION, &give);
    set(CURLOPT_READDATA, this);
  }

  Result<> perform() {
    const CURLcode code = curl_easy_perform(easy_.get());
    if (code == CURLE_OK) return {};
    return fail(refusal(code));
  }

  long response_code() const {
    long code = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &code);
    return code;
  }

  Error error(ErrorKind kind, const std::string& why, std::string hint) const {
    return Error{kind, fmt::format("telling {}: {}: {}", channel_.name, address_.text(), why),
                 std::move(hint), ""};
  }

 private:
  static size_t drop(char*, size_t size, size_t count, void*) { return size * count; }

  static size_t give(char* buffer, size_t size, size_t count, void* target) {
    auto& self = *static_cast<Transfer*>(target);
    const size_t length = std::min(size * count, self.left_.size());
    std::memcpy(buffer, self.left_.data(), length);
    self.left_.remove_prefix(length);
    return length;
  }

  static int may_go_on(void* target, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    const auto& self = *static_cast<Transfer*>(target);
    return self.options_.stop && self.options_.stop() ? 1 : 0;
  }

  /// Words of our own and curl's fixed ones: what the other side says could hold anything.
  Error refusal(CURLcode code) const {
    const std::string why = curl_easy_strerror(code);
    switch (code) {
      case CURLE_ABORTED_BY_CALLBACK:
        return error(ErrorKind::kInterrupted, "stopped", "It is sent at the next start.");
      case CURLE_LOGIN_DENIED:
        return error(ErrorKind::kPermission, "the server refuses user and password",
                     fmt::format("Check the variables {} and {}.", channel_.user_variable,
                                 channel_.password_variable));
      case CURLE_PEER_FAILED_VERIFICATION:
      case CURLE_SSL_CACERT_BADFILE:
        return error(
            ErrorKind::kPermission, "its certificate is not trusted",
            "Use the name that stands in it; an authority of your own belongs into the system's store.");
      case CURLE_USE_SSL_FAILED:
        return error(ErrorKind::kPermission, "the server offers no encryption (STARTTLS)",
                     "Use smtps://, or another port; unencrypted mail goes to this machine alone.");
      case CURLE_SEND_ERROR:
      case CURLE_WEIRD_SERVER_REPLY:
      case CURLE_RECV_ERROR:
        return error(ErrorKind::kUnavailable,
                     response_code() > 0 ? fmt::format("{} ({})", why, response_code()) : why,
                     "Check the server's log, and that it takes mail from this sender.");
      default:
        return error(ErrorKind::kUnavailable, why, "Check the address and that the server runs.");
    }
  }

  const Channel& channel_;
  const Address& address_;
  const DeliveryOptions& options_;
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy_;
  std::string_view left_;
};

Result<> check_status(const Transfer& transfer) {
  const long status = transfer.response_code();
  if (status / 100 == 2) return {};
  const bool forbidden = status == 401 || status == 403;
  const char* hint = status / 100 == 3   ? "Write the address that it redirects to."
                     : forbidden         ? "Check the address and the secret on both sides."
                     : status / 100 == 4 ? "Check the address: the receiver does not take this request."
                                         : "It is tried again.";
  return fail(transfer.error(forbidden ? ErrorKind::kPermission : ErrorKind::kUnavailable,
                             fmt::format("it answered {}", status), hint));
}

Result<> post(const Notice& notice, const Channel& channel, const DeliveryOptions& options, Time now) {
  std::string url = channel.url;
  if (!channel.url_variable.empty()) {
    RH_ASSIGN(url, from_environment(channel.url_variable, channel));
  }
  if (const auto wrong = problem_of_webhook(url); !wrong.empty())
    return fail(ErrorKind::kUsage, fmt::format("telling {}: {}", channel.name, wrong),
                channel.url_variable.empty() ? "Correct it in alerts.yml."
                                             : fmt::format("Correct the variable {}.", channel.url_variable));
  const Address address = parse_address(url);
  const std::string body =
      notice_json(notice, options.project).dump(-1, ' ', false, Json::error_handler_t::replace);
  const int64_t timestamp = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const std::string id = "msg_" + notice.id;
  std::vector<std::string> lines = {"content-type: application/json", "expect:", "webhook-id: " + id,
                                    fmt::format("webhook-timestamp: {}", timestamp)};
  if (!channel.secret_variable.empty()) {
    RH_ASSIGN(const std::string secret, from_environment(channel.secret_variable, channel));
    lines.push_back("webhook-signature: " + sign_webhook(secret, id, timestamp, body));
  }
  List headers(nullptr, &curl_slist_free_all);
  for (const auto& line : lines) headers.reset(curl_slist_append(headers.release(), line.c_str()));
  Transfer transfer(channel, address, options);
  transfer.set(CURLOPT_URL, url.c_str());
  transfer.set(CURLOPT_PROTOCOLS_STR, "http,https");
  transfer.set(CURLOPT_USERAGENT, "reelhouse");
  transfer.set(CURLOPT_HTTPHEADER, headers.get());
  transfer.set(CURLOPT_POST, 1L);
  transfer.set(CURLOPT_POSTFIELDS, body.c_str());
  transfer.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  RH_TRY(transfer.perform());
  return check_status(transfer);
}

/// An id that both mails about one trouble to one channel can work out.
std::string mail_id(const Notice& notice, const std::string& project, Notice::Kind kind) {
  return sha256(fmt::format("{}\n{}\n{}\n{}\n{}", project, notice.channel, notice.trouble.key, notice.since,
                            name_of(kind)))
      .substr(0, 32);
}

Result<> send_mail(const Notice& notice, const Channel& channel, const DeliveryOptions& options, Time now) {
  const bool sound = is_mail_address(channel.mail_from) &&
                     std::ranges::all_of(channel.mail_to, is_mail_address) &&
                     problem_of_mail_server(channel.mail_server).empty();
  if (!sound)
    return fail(ErrorKind::kUsage, fmt::format("telling {}: an address is none", channel.name),
                "Correct it in alerts.yml.");
  const Address address = parse_address(channel.mail_server);
  const Json json = notice_json(notice, options.project);
  const bool healed = notice.kind == Notice::Kind::kHealed;
  const std::string text = render_mail(
      {channel.mail_from, channel.mail_to, fmt::format("[{}] {}", options.project, json.value("title", "")),
       json.value("text", ""), mail_id(notice, options.project, notice.kind),
       healed ? mail_id(notice, options.project, Notice::Kind::kOpen) : "", now});
  List to(nullptr, &curl_slist_free_all);
  for (const auto& each : channel.mail_to)
    to.reset(curl_slist_append(to.release(), fmt::format("<{}>", each).c_str()));
  Transfer transfer(channel, address, options);
  transfer.set(CURLOPT_URL, channel.mail_server.c_str());
  transfer.set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  const bool here = address.is_loopback();
  transfer.set(CURLOPT_USE_SSL, static_cast<long>(here ? CURLUSESSL_TRY : CURLUSESSL_ALL));
  if (here && address.scheme == "smtp") {  // where plain text will do, so does a certificate of its own
    transfer.set(CURLOPT_SSL_VERIFYPEER, 0L);
    transfer.set(CURLOPT_SSL_VERIFYHOST, 0L);
  }
  transfer.set(CURLOPT_MAIL_FROM, fmt::format("<{}>", channel.mail_from).c_str());
  transfer.set(CURLOPT_MAIL_RCPT, to.get());
  if (!channel.user_variable.empty()) {
    RH_ASSIGN(const std::string user, from_environment(channel.user_variable, channel));
    RH_ASSIGN(const std::string password, from_environment(channel.password_variable, channel));
    transfer.set(CURLOPT_USERNAME, user.c_str());
    transfer.set(CURLOPT_PASSWORD, password.c_str());
  }
  transfer.upload(text);
  return transfer.perform();
}

}  // namespace

Json notice_json(const Notice& notice, const std::string& project) {
  const bool healed = notice.kind == Notice::Kind::kHealed;
  const std::string title = (healed ? "healed: " : "") + notice.trouble.title;
  std::string detail = notice.trouble.detail;
  const auto since = parse_iso(notice.since);
  const auto ended = parse_iso(notice.ended);
  if (healed && since && ended)
    detail = fmt::format("It is well again since {}; it lasted {}. It was:\n{}", notice.ended,
                         duration_text(std::chrono::floor<std::chrono::seconds>(
                             std::max(*ended - *since, std::chrono::milliseconds(0)))),
                         detail);
  Json json = {{"type", fmt::format("alert.{}", name_of(notice.kind))},
               {"title", title},
               {"detail", detail},
               {"text", fmt::format("[{}] {}\n{}\nSince {}. Rule: {}.", project, title, detail, notice.since,
                                    notice.trouble.rule)},
               {"state", name_of(notice.kind)},
               {"since", notice.since}};
  json["ended"] = notice.ended.empty() ? Json(nullptr) : Json(notice.ended);
  json["rule"] = notice.trouble.rule;
  json["key"] = notice.trouble.key;
  json["project"] = project;
  return json;
}

Result<> deliver(const Notice& notice, const Channel& channel, const DeliveryOptions& options, Time now) {
  return channel.is_mail() ? send_mail(notice, channel, options, now) : post(notice, channel, options, now);
}

}  // namespace reelhouse::workflow

#include "lake/s3/s3_store.hpp"

#include <algorithm>
#include <charconv>
#include <mutex>
#include <set>

#include "lake/keys.hpp"
#include "lake/s3/cache.hpp"
#include "lake/s3/download.hpp"
#include "lake/s3/multipart.hpp"
#include "lake/s3/prefetch.hpp"
#include "lake/s3/upload.hpp"
#include "lake/s3/xml.hpp"

namespace reelhouse::lake::s3 {
namespace {

namespace fs = std::filesystem;

constexpr int kUsualParallel = 8;

/// A bucket, or the part of it below a prefix; keys are relative to that.
class S3Store final : public ObjectStore {
 public:
  S3Store(std::unique_ptr<Client> client, const StoreOptions& options)
      : client_(std::move(client)),
        cache_(options.cache),
        parallel_(options.parallel > 0 ? options.parallel : kUsualParallel),
        transfers_(parallel_),
        uploads_(options.cache.empty() ? fs::path() : options.cache / "s3" / "uploads") {}

  std::string name() const override {
    std::string name = client_->location().name_of(prefix());
    while (name.ends_with('/')) name.pop_back();
    return name;
  }

  Result<std::vector<ObjectInfo>> list(const std::string& part) const override {
    RH_ASSIGN(auto found, survey(part));
    return std::move(found.objects);
  }

  Result<Listing> survey(const std::string& part) const override {
    Listing listing;
    auto& found = listing.objects;
    std::set<std::string, std::less<>> unfinished;
    std::string token;
    do {
      RH_ASSIGN(ListPage page, list_page(prefix() + part, token));
      for (auto& object : page.objects) {
        if (!object.key.starts_with(prefix() + part)) continue;
        object.key.erase(0, prefix().size());
        const bool is_folder = object.size == 0 && object.key.ends_with('/');
        if (!object.key.empty() && !is_folder && !is_hidden_key(object.key))
          found.push_back(std::move(object));
        else if (const auto folder = unfinished_folder(object.key); !folder.empty() && !is_folder)
          unfinished.emplace(folder);
      }
      if (!page.next.empty() && page.next == token)
        return fail(ErrorKind::kUnavailable, "listing the bucket: the server repeats the same page",
                    "Check the endpoint.", name());
      token = std::move(page.next);
    } while (!token.empty());
    std::ranges::sort(found, {}, &ObjectInfo::key);
    const auto same = std::ranges::unique(found, {}, &ObjectInfo::key);
    found.erase(same.begin(), same.end());
    for (const auto& folder : unfinished) listing.left_out.push_back({folder, std::string(kUnfinishedWork)});
    return listing;
  }

  Result<ObjectInfo> head(const std::string& key) const override {
    RH_ASSIGN(Request request, about(key, "HEAD", "looking up the object", "s3:GetObject"));
    ObjectInfo info;
    info.key = key;
    request.accept = [&](const HttpResponse& answer) { return read_head(answer, info); };
    RH_TRY(client_->send(request));
    return info;
  }

  Result<fs::path> local_copy(const ObjectInfo& info) const override { return copy(info, nullptr); }

  Result<> prefetch(std::span<const ObjectInfo> objects) const override {
    std::vector<ObjectInfo> missing;
    for (const auto& object : objects)
      if (!cache_.find(bucket(), whole(object))) missing.push_back(object);
    return prefetch_all(std::move(missing), transfers_.threads(),
                        [this](const ObjectInfo& info, Progress* progress) -> Result<> {
                          RH_TRY(copy(info, progress));
                          return {};
                        });
  }

  void forget_others(std::span<const ObjectInfo> wanted) const override {
    std::vector<ObjectInfo> keep;
    for (const auto& object : wanted) keep.push_back(whole(object));
    cache_.forget_others(bucket(), keep);
  }

  Result<> put(const fs::path& file, const std::string& key) override {
    RH_TRY(check_key(key));
    RH_ASSIGN(const UploadFile opened, UploadFile::open(file));
    take_back();
    Progress progress("putting " + key, opened.size(), "bytes");
    return upload(*client_, opened, prefix() + key, parallel_, &progress, uploads_);
  }

  Result<ObjectInfo> put_if(const fs::path& file, const std::string& key,
                            const std::optional<std::string>& etag) override {
    RH_TRY(check_key(key));
    RH_ASSIGN(const UploadFile opened, UploadFile::open(file));
    take_back();
    RH_ASSIGN(std::string stored, upload_if(*client_, opened, prefix() + key, etag));
    const auto now = std::chrono::floor<std::chrono::seconds>(SystemClock().now());
    return ObjectInfo{key, opened.size(), std::move(stored), now};
  }

  Result<> remove(const std::string& key) override {
    RH_TRY(check_key(key));
    RH_ASSIGN(const Request request, about(key, "DELETE", "removing the object", "s3:DeleteObject"));
    const auto removed = client_->try_send(request);
    if (removed || removed.error().code == "NoSuchKey") return {};
    return fail(removed.error().error);
  }

 private:
  const std::string& prefix() const { return client_->location().prefix; }
  const std::string& bucket() const { return client_->location().bucket; }

  /// Takes back the parts of processes that died, once, before the first object is stored.
  void take_back() {
    std::call_once(taken_back_, [this] { take_back_left(*client_, uploads_); });
  }

  Result<Request> about(const std::string& key, const char* method, const char* doing,
                        const char* action) const {
    if (key.empty())
      return fail(ErrorKind::kUsage, std::string(doing) + ": its key is empty", "Name an object.", name());
    Request request;
    request.method = method;
    request.key = prefix() + key;
    request.doing = doing;
    request.action = action;
    return request;
  }

  Result<ListPage> list_page(const std::string& full_prefix, const std::string& token) const {
    Request request;
    request.query = {{"list-type", "2"}, {"encoding-type", "url"}, {"prefix", full_prefix}};
    if (!token.empty()) request.query.emplace_back("continuation-token", token);
    request.doing = "listing the bucket";
    request.action = "s3:ListBucket";
    ListPage page;
    request.accept = [&](const HttpResponse& answer) -> Result<> {
      auto parsed = parse_list(answer.body);
      if (!parsed) return fail(ErrorKind::kUnavailable, parsed.error().message, "Check the endpoint.");
      page = std::move(*parsed);
      return {};
    };
    auto listed = client_->send(request);
    if (!listed) {
      Error error = std::move(listed).error();
      error.where = client_->location().name_of(full_prefix);
      while (error.where.ends_with('/')) error.where.pop_back();
      return fail(std::move(error));
    }
    return page;
  }

  static Result<> read_head(const HttpResponse& answer, ObjectInfo& info) {
    const std::string size = answer.header("content-length");
    const char* end = size.data() + size.size();
    const bool is_number = std::from_chars(size.data(), end, info.size).ptr == end && !size.empty();
    const auto modified = parse_http_time(answer.header("last-modified"));
    info.etag = without_quotes(answer.header("etag"));
    if (!is_number || !modified || info.etag.empty())
      return fail(ErrorKind::kUnavailable, "looking up the object: the answer lacks size, time or ETag",
                  "Check the endpoint.");
    info.modified = *modified;
    return {};
  }

  ObjectInfo whole(ObjectInfo info) const {
    info.key = prefix() + info.key;
    return info;
  }

  Result<fs::path> copy(const ObjectInfo& asked, Progress* progress) const {
    const ObjectInfo info = whole(asked);
    return cache_.get(bucket(), info, [&](int descriptor, const std::string& file) {
      return download(*client_, transfers_, info, {descriptor, file, progress});
    });
  }

  std::unique_ptr<Client> client_;
  mutable Cache cache_;
  int parallel_;
  mutable Transfers transfers_;
  OpenUploads uploads_;
  std::once_flag taken_back_;
};

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_s3_store(const std::string& location, const StoreOptions& options) {
  RH_ASSIGN(Location place, parse_location(location));
  const Environment environment = process_environment();
  RH_ASSIGN(ProfileFiles files, load_profiles(environment));
  RH_ASSIGN(S3Settings settings, load_settings(environment, files, place.bucket));
  const auto timing = make_system_timing();
  const auto transport = make_curl_transport(settings.ca_bundle);
  auto credentials = make_credentials({environment, std::move(files), transport, timing});
  auto client = std::make_unique<Client>(std::move(settings), std::move(place), transport, timing,
                                         std::move(credentials));
  return std::make_unique<S3Store>(std::move(client), options);
}

}  // namespace reelhouse::lake::s3

#include "lake/fetch/arrival.hpp"

#include "base/files.hpp"
#include "base/hash.hpp"
#include "lake/fetch/checks.hpp"
#include "lake/fetch/download.hpp"
#include "lake/fetch/login.hpp"
#include "lake/fetch/unpack.hpp"

namespace reelhouse::lake {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPartMarkLength = 16;

fs::path decoded_of(const fs::path& part) {
  return part.string() + ".decoded";
}
fs::path unpacked_of(const fs::path& part) {
  return part.string() + ".unpacked";
}

void remove_made(const fs::path& part) {
  std::error_code code;
  fs::remove(decoded_of(part), code);
  fs::remove_all(unpacked_of(part), code);
}

bool stays_on_this_machine(const Url& url) {
  const std::string host = url.origin.substr(url.origin.find("//") + 2);
  return is_loopback(host.substr(0, host.rfind(':')));
}

/// One file on its way.
class FileFetch {
 public:
  FileFetch(const FetchFile& file, const FetchedFile* before, const Fetching& with)
      : file_(file), before_(before), with_(with) {}

  Result<CheckedFile> run(const std::string& dataset) {
    RH_TRY(prepare(dataset));
    auto checked = once();
    const bool try_again = !checked && checked.error().kind == ErrorKind::kDamaged;
    if (try_again) {
      forget_part();
      before_ = nullptr;  // the whole file, whatever its ETag
      checked = once();
    }
    if (!checked && checked.error().kind == ErrorKind::kDamaged) forget_part();
    if (!checked) return checked;
    checked->received = received_;
    return checked;
  }

 private:
  Result<> prepare(const std::string& dataset) {
    auto url = parse_url(file_.url);
    if (!url) {
      Error error = url.error();
      error.where = file_.where;
      return fail(std::move(error));
    }
    request_.url = std::move(*url);
    request_.name = file_.name;
    request_.login_hint = login_hint(file_);
    request_.part = with_.work / (sha256(dataset + "\n" + file_.url).substr(0, kPartMarkLength) + ".part");
    RH_ASSIGN(request_.authorization, authorization_of(file_));
    if (!request_.authorization.empty() && !request_.url.secure && !stays_on_this_machine(request_.url))
      return fail(ErrorKind::kUsage, "a login would be sent over http, for everybody on the way to read",
                  "Write the address with https.", file_.where);
    return {};
  }

  void forget_part() const {
    remove_made(request_.part);
    Part::remove(request_.part);
  }

  Result<CheckedFile> once() {
    remove_made(request_.part);
    request_.known_etag = before_ == nullptr ? "" : before_->etag;
    request_.known_last_modified = before_ == nullptr ? "" : before_->last_modified;
    RH_ASSIGN(const Downloaded got, download(request_, with_.transport, with_.policy, with_.timing));
    received_ += got.received;
    if (got.not_modified) return as_before(before_->etag, before_->last_modified);
    const Arrived raw{got.file, file_.name, request_.url.display};
    const Arrived named{raw.file, file_.unpack_zip ? "the archive" : file_.name, raw.where};
    RH_ASSIGN(const fs::path content, without_transfer_encoding(raw, got.head.encoding));
    const Arrived arrived{content, named.name, named.where};
    if (is_web_page(arrived)) return fail(web_page());
    RH_TRY(check_content(arrived));
    RH_ASSIGN(const std::string sum, sha256_of(content));
    RH_TRY(check_sum(sum));
    if (before_ != nullptr && before_->sha256 == sum) return as_before(got.head.etag, got.head.last_modified);
    return keep(content, got.head, sum);
  }

  Error web_page() const {
    forget_part();
    return {ErrorKind::kPermission,
            fmt::format("fetching {}: the server sends a web page instead of the file; it may ask to log in",
                        file_.name),
            request_.login_hint, request_.url.display};
  }

  /// The file is as it was; what the server calls it may be new.
  Result<CheckedFile> as_before(const std::string& etag, const std::string& last_modified) const {
    CheckedFile checked;
    checked.unchanged = true;
    checked.part = request_.part;
    checked.record = *before_;
    checked.record.etag = etag;
    checked.record.last_modified = last_modified;
    return checked;
  }

  Result<> check_sum(const std::string& sum) {
    std::string expected = file_.sha256;
    if (expected.empty() && !file_.checksum_url.empty()) {
      RH_ASSIGN(expected, announced_sum());
    }
    if (expected.empty() || expected == sum) return {};
    return fail(ErrorKind::kDamaged,
                fmt::format("fetching {}: its SHA-256 is {}, and should be {}", file_.name, sum, expected),
                "The file is damaged, or another one; if it is the right one, correct the checksum.",
                file_.where);
  }

  Result<std::string> announced_sum() {
    DownloadRequest asked = request_;
    auto url = parse_url(file_.checksum_url);
    if (!url) return fail(url.error());
    asked.url = std::move(*url);
    asked.name = "the checksums of " + file_.name;
    if (asked.url.origin != request_.url.origin) asked.authorization.clear();
    RH_ASSIGN(const std::string list, download_text(asked, with_.transport, with_.policy, with_.timing));
    auto sum = sum_in(list, {request_.url.last_part, file_.name});
    if (!sum) {
      Error error = sum.error();
      error.where = asked.url.display;
      return fail(std::move(error));
    }
    if (sum->size() != kSumLength)
      return fail(ErrorKind::kDamaged,
                  fmt::format("the checksum of {} has {} digits: it is no SHA-256", file_.name, sum->size()),
                  "Name a list of SHA-256 sums.", asked.url.display);
    return sum;
  }

  Result<CheckedFile> keep(const fs::path& content, const FileHead& head, const std::string& sum) const {
    CheckedFile checked;
    checked.part = request_.part;
    checked.record = {file_.url, shape_of(file_), head.etag, head.last_modified, sum, {}};
    if (!file_.unpack_zip) {
      std::error_code code;
      checked.stored.push_back({content, file_.name, true});
      checked.record.objects.push_back({file_.name, fs::file_size(content, code)});
      return checked;
    }
    auto members = unpack_zip(content, file_.members, unpacked_of(request_.part));
    if (!members) {
      Error error = members.error();
      if (error.kind == ErrorKind::kDamaged) error.where = request_.url.display;
      return fail(std::move(error));
    }
    for (auto& member : *members) {
      RH_TRY(check_content({member.file, member.name, request_.url.display}));
      checked.record.objects.push_back({member.name, member.bytes});
      checked.stored.push_back({std::move(member.file), std::move(member.name), true});
    }
    return checked;
  }

  static constexpr size_t kSumLength = 64;

  const FetchFile& file_;
  const FetchedFile* before_;
  const Fetching& with_;
  DownloadRequest request_;
  uint64_t received_ = 0;
};

}  // namespace

Result<CheckedFile> fetch_file(const FetchFile& file, const std::string& dataset, const FetchedFile* before,
                               const Fetching& with) {
  return FileFetch(file, before, with).run(dataset);
}

void forget(const CheckedFile& file) {
  remove_made(file.part);
  Part::remove(file.part);
}

}  // namespace reelhouse::lake

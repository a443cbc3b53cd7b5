#include "lake/s3/multipart.hpp"

#include <algorithm>

#include "lake/s3/checks.hpp"
#include "lake/s3/each_part.hpp"
#include "lake/s3/xml.hpp"

namespace reelhouse::lake::s3 {
namespace {

constexpr int kMostBegun = 3;

/// A broken answer of a success is asked for again.
Error as_unavailable(Error error) {
  error.kind = ErrorKind::kUnavailable;
  return error;
}

/// Takes an upload's parts back, also after Ctrl-C; true when there are none any more.
bool take_back(const Client& client, const std::string& key, const std::string& id) {
  Request request;
  request.method = "DELETE";
  request.key = key;
  request.query = {{"uploadId", id}};
  request.doing = "taking back an unfinished upload";
  request.action = "s3:AbortMultipartUpload";
  request.uninterruptible = true;
  const auto done = client.try_send(request);
  return done || done.error().code == "NoSuchUpload";
}

/// Takes back all uploads of a key but `ours`: what a try has begun whose answer was lost has no other name.
/// False when that may succeed later.
bool take_back_others(const Client& client, const std::string& key, const std::string& ours) {
  std::vector<OpenUpload> uploads;
  Request request;
  request.query = {{"uploads", ""}, {"encoding-type", "url"}, {"prefix", key}};
  request.doing = "listing unfinished uploads";
  request.action = "s3:ListBucketMultipartUploads";
  request.uninterruptible = true;
  request.accept = [&](const HttpResponse& answer) -> Result<> {
    auto parsed = parse_uploads(answer.body);
    if (!parsed) return fail(as_unavailable(std::move(parsed).error()));
    uploads = std::move(*parsed);
    return {};
  };
  const auto listed = client.send(request);
  if (!listed) return listed.error().kind == ErrorKind::kPermission;
  bool all = true;
  for (const auto& upload : uploads)
    if (upload.key == key && upload.id != ours) all = take_back(client, key, upload.id) && all;
  return all;
}

}  // namespace

void take_back_left(const Client& client, const OpenUploads& open) {
  auto found = open.look(client.place());
  for (auto& left : found.left) {
    const bool done = !left.id.empty()
                          ? take_back(client, left.key, left.id)
                          : !found.alive.contains(left.key) && take_back_others(client, left.key, "");
    if (done) left.note.forget();
  }
}

MultipartUpload::MultipartUpload(const Client& client, const UploadFile& file, const std::string& key,
                                 int parallel, Progress* progress, const OpenUploads& open)
    : client_(client),
      file_(file),
      key_(key),
      parallel_(static_cast<size_t>(std::max(1, parallel))),
      progress_(progress),
      part_size_(part_size_for(file.size(), client.settings().part_size)),
      parts_((file.size() + part_size_ - 1) / part_size_),
      open_(open) {}

Result<> MultipartUpload::run() {
  auto done = run_once();
  for (int again = 1; !done && gone_ && again < kMostBegun; ++again) {
    progress_ = nullptr;  // it has counted these bytes
    done = run_once();
  }
  return done;
}

Result<> MultipartUpload::run_once() {
  gone_ = false;
  in_doubt_ = false;
  id_.clear();
  note_ = open_.begin();
  note_.write(client_.place(), key_, "");
  auto done = begin();
  if (done) {
    note_.write(client_.place(), key_, id_);
    done = put_parts();
    if (done) done = complete();
  }
  // When even that fails, the next process has to do it, or a lifecycle rule of the bucket.
  bool clean = done || id_.empty() || take_back(client_, key_, id_);
  if (in_doubt_ && clean) {
    note_.write(client_.place(), key_, "");
    clean = take_back_others(client_, key_, "");
  }
  if (clean) note_.forget();
  return done;
}

bool MultipartUpload::is_gone(const Failure& failure) {
  if (failure.code == "NoSuchUpload") gone_ = true;
  return gone_;
}

Request MultipartUpload::asking(const char* method) const {
  Request request;
  request.method = method;
  request.key = key_;
  request.doing = "putting the object";
  request.action = "s3:PutObject";
  return request;
}

Result<> MultipartUpload::begin() {
  Request request = asking("POST");
  request.query = {{"uploads", ""}};
  request.headers = {{kWriteMark, mark_}};
  request.accept = [this](const HttpResponse& answer) -> Result<> {
    auto id = parse_upload_id(answer.body);
    if (!id) return fail(as_unavailable(std::move(id).error()));
    id_ = std::move(*id);
    return {};
  };
  request.in_doubt = &in_doubt_;
  request.new_connection = true;
  RH_TRY(client_.send(request));
  return {};
}

Result<> MultipartUpload::put_parts() {
  return each_part(parts_.size(), parallel_, [this](size_t i) { return put_part(i); });
}

Result<> MultipartUpload::put_part(size_t index) {
  Request request = asking("PUT");
  request.query = {{"partNumber", std::to_string(index + 1)}, {"uploadId", id_}};
  const uint64_t offset = index * part_size_;
  const uint64_t length = std::min(part_size_, file_.size() - offset);
  auto put = put_piece(client_, std::move(request), file_.piece(offset, length), file_.name());
  if (!put) {
    is_gone(put.error());
    return fail(std::move(put).error().error);
  }
  if (put->etag.empty())
    return fail(ErrorKind::kUnavailable, "putting the object: the server gave no ETag for a part",
                "Check the endpoint.", client_.location().name_of(key_));
  parts_[index] = std::move(*put);
  if (progress_ != nullptr) progress_->add(length);
  return {};
}

Result<> MultipartUpload::complete() {
  Request request = asking("POST");
  request.query = {{"uploadId", id_}};
  request.headers = {{"content-type", "application/xml"}};
  request.new_connection = true;
  request.text = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  std::vector<std::string> hashes;
  bool comparable = true;
  for (size_t i = 0; i < parts_.size(); ++i) {
    request.text += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>&quot;{}&quot;</ETag></Part>", i + 1,
                                parts_[i].etag);
    hashes.push_back(parts_[i].md5);
    comparable = comparable && parts_[i].etag_is_md5;
  }
  request.text += "</CompleteMultipartUpload>";
  std::string etag;
  request.accept = [&](const HttpResponse& answer) -> Result<> {
    auto completed = parse_completed(answer.body);
    if (!completed) return fail(as_unavailable(std::move(completed).error()));
    etag = std::move(*completed);
    return {};
  };
  if (const auto done = client_.try_send(request); !done) {
    const Failure& failure = done.error();
    if (!is_gone(failure) || !failure.maybe_done) return fail(failure.error);
    RH_ASSIGN(const auto ours, etag_of_marked(client_, key_, mark_));
    if (!ours) return fail(failure.error);
    gone_ = false;
    etag = *ours;
  }
  if (comparable && parts_of_etag(etag) == parts_.size() && etag != multipart_etag(hashes))
    return fail(ErrorKind::kDamaged, "putting the object: the server's ETag is not that of the parts sent",
                "Put it again.", client_.location().name_of(key_));
  return {};
}

}  // namespace reelhouse::lake::s3

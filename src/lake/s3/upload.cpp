#include "lake/s3/upload.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <utility>

#include "lake/s3/checks.hpp"
#include "lake/s3/multipart.hpp"
#include "lake/s3/piece_put.hpp"
#include "lake/s3/xml.hpp"

namespace reelhouse::lake::s3 {
namespace {

Request putting(const std::string& key) {
  Request request;
  request.method = "PUT";
  request.key = key;
  request.doing = "putting the object";
  request.action = "s3:PutObject";
  return request;
}

}  // namespace

uint64_t part_size_for(uint64_t size, uint64_t usual) {
  constexpr uint64_t kMegabyte = 1ULL << 20U;
  constexpr uint64_t kMostParts = 10'000;
  const uint64_t needed = (size + kMostParts - 1) / kMostParts;
  return std::max(usual, (needed + kMegabyte - 1) / kMegabyte * kMegabyte);
}

Result<UploadFile> UploadFile::open(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return fail(system_error("reading the file to put", path.string(), errno));
  struct stat status {};
  const bool known = ::fstat(descriptor, &status) == 0;
  UploadFile file(descriptor, known ? static_cast<uint64_t>(status.st_size) : 0, path.string());
  if (!known) return fail(system_error("reading the file to put", path.string(), errno));
  if (!S_ISREG(status.st_mode))
    return fail(ErrorKind::kUsage, "only a regular file can be put", "Name a file.", path.string());
  return file;
}

UploadFile::UploadFile(UploadFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_), name_(std::move(other.name_)) {}

UploadFile::~UploadFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<> upload(const Client& client, const UploadFile& file, const std::string& key, int parallel,
                Progress* progress, const OpenUploads& open) {
  if (file.size() > client.settings().parts_from)
    return MultipartUpload(client, file, key, parallel, progress, open).run();
  auto put = put_piece(client, putting(key), file.piece(0, file.size()), file.name());
  if (!put) return fail(std::move(put).error().error);
  if (progress != nullptr) progress->add(file.size());
  return {};
}

Result<std::string> upload_if(const Client& client, const UploadFile& file, const std::string& key,
                              const std::optional<std::string>& etag) {
  if (file.size() > kLargestConditionalPut)
    return fail(ErrorKind::kUsage, "putting the object: a conditional put takes at most 5 GB",
                "Split the file.", file.name());
  const std::string mark = new_write_mark();
  Request request = putting(key);
  if (etag)
    request.headers.emplace_back("if-match", *etag);  // AWS takes it without quotes, radosgw only so
  else
    request.headers.emplace_back("if-none-match", "*");
  request.headers.emplace_back(kWriteMark, mark);
  auto put = put_piece(client, request, file.piece(0, file.size()), file.name());
  if (put) return put->etag;
  Failure failure = std::move(put).error();
  const bool refused = failure.status == 412 || failure.status == 409 || failure.code == "NoSuchKey";
  if (!refused) return fail(std::move(failure.error));
  // Our own earlier try may have done it, also one that we know nothing of: libcurl sends a request again
  // when a connection that it kept turns out to be closed.
  RH_ASSIGN(auto ours, etag_of_marked(client, key, mark));
  if (ours) return std::move(*ours);
  failure.error.kind = ErrorKind::kBusy;
  failure.error.message = etag ? "somebody else has written the object meanwhile, or removed it"
                               : "somebody else has written the object meanwhile";
  failure.error.hint = "Read it again, then decide anew.";
  return fail(std::move(failure.error));
}

}  // namespace reelhouse::lake::s3

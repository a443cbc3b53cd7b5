#include "lake/s3/range_sink.hpp"

#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "lake/s3/xml.hpp"

namespace reelhouse::lake::s3 {
namespace {

/// The first byte in "bytes 0-9/100".
std::optional<uint64_t> first_byte(const std::string& content_range) {
  if (!content_range.starts_with("bytes ")) return std::nullopt;
  uint64_t first = 0;
  const char* begin = content_range.data() + 6;
  const char* end = content_range.data() + content_range.size();
  return std::from_chars(begin, end, first).ptr == begin ? std::nullopt : std::optional(first);
}

}  // namespace

Result<> RangeSink::begin(const HttpResponse& head) {
  if (without_quotes(head.header("etag")) != etag_)
    return fail(ErrorKind::kBusy, "reading the object: it was written after it was listed",
                "Crawl again when nobody writes to the lake.");
  if (head.status == 206) {
    if (first_byte(head.header("content-range")) != range_.begin + position_)
      return fail(ErrorKind::kUnavailable, "reading the object: the server sent other bytes than asked for");
  } else {
    if (range_.begin > 0)
      return fail(ErrorKind::kUnavailable, "reading the object: the server sends no parts of objects",
                  "Use a server that knows the Range header.");
    restart();
  }
  if (position_ == 0) checks_ = checks_of(head);
  return {};
}

Result<> RangeSink::write(std::span<const std::byte> bytes) {
  const uint64_t left = range_.end - range_.begin - position_;
  if (bytes.size() > left) {
    restart();
    return fail(ErrorKind::kUnavailable, "reading the object: the server sent more bytes than asked for");
  }
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t put = ::pwrite(target_.descriptor, bytes.data() + done, bytes.size() - done,
                                 static_cast<off_t>(range_.begin + position_ + done));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail(system_error("writing a copy of the object", target_.name, errno));
    done += static_cast<size_t>(put);
  }
  position_ += bytes.size();
  if (target_.progress != nullptr) target_.progress->add(bytes.size());
  return {};
}

Result<> RangeSink::check_complete() const {
  if (range_.begin + position_ == range_.end) return {};
  return fail(ErrorKind::kUnavailable,
              fmt::format("reading the object: {} of {} bytes came", position_, range_.end - range_.begin));
}

void RangeSink::restart() {
  if (target_.progress != nullptr) target_.progress->add(uint64_t{0} - position_);
  position_ = 0;
}

Request reading(const ObjectInfo& info, RangeSink& sink) {
  Request request;
  request.key = info.key;
  request.headers = {{"if-match", "\"" + info.etag + "\""}, {"x-amz-checksum-mode", "ENABLED"}};
  request.range = sink.range();
  request.sink = &sink;
  request.doing = "reading the object";
  request.action = "s3:GetObject";
  return request;
}

}  // namespace reelhouse::lake::s3

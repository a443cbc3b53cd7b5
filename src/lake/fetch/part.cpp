#include "lake/fetch/part.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <optional>
#include <utility>

#include "base/files.hpp"
#include "base/json.hpp"

namespace reelhouse::lake {
namespace {

namespace fs = std::filesystem;

fs::path note_of(const fs::path& path) {
  return path.string() + ".json";
}

int64_t number_in(const std::string& text) {
  int64_t number = -1;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? number : -1;
}

/// "bytes 100-199/200" as where it begins and the whole's size (-1 when it is "*").
std::optional<std::pair<int64_t, int64_t>> content_range(const std::string& text) {
  const size_t dash = text.find('-');
  const size_t slash = text.find('/');
  if (!text.starts_with("bytes ") || dash == std::string::npos || slash == std::string::npos || slash < dash)
    return std::nullopt;
  const int64_t from = number_in(text.substr(6, dash - 6));
  if (from < 0) return std::nullopt;
  return std::pair(from, number_in(text.substr(slash + 1)));
}

/// Refuses what would not fit, before it is half there.
Result<> check_room(const fs::path& path, int64_t bytes) {
  std::error_code code;
  const auto space = fs::space(path.parent_path(), code);
  if (code || bytes < 0 || static_cast<uint64_t>(bytes) <= space.available) return {};
  return fail(ErrorKind::kFull,
              fmt::format("the file has {} bytes more, and {} are free where downloads are kept", bytes,
                          space.available),
              "Make room, then fetch again.", path.parent_path().string());
}

}  // namespace

std::string FileHead::range_validator() const {
  if (!etag.empty() && !etag.starts_with("W/")) return etag;
  return last_modified != date ? last_modified : "";
}

Result<Part> Part::open(fs::path path, const std::string& url) {
  RH_TRY(make_folders(path.parent_path()));
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return fail(system_error("keeping the download", path.string(), errno));
  Part part(std::move(path), descriptor);
  part.read_note(url);
  struct stat status {};
  if (::fstat(descriptor, &status) == 0) part.size_ = static_cast<uint64_t>(status.st_size);
  part.whole_ = part.head_.total > 0 && part.size_ == static_cast<uint64_t>(part.head_.total);
  const bool too_long = part.head_.total >= 0 && part.size_ > static_cast<uint64_t>(part.head_.total);
  const bool of_use = !too_long && !part.head_.range_validator().empty();
  if (part.size_ > 0 && !of_use && !(part.whole_ && !part.head_.etag.empty())) RH_TRY(part.reset());
  return part;
}

Part::Part(Part&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      head_(std::move(other.head_)),
      size_(other.size_),
      received_(other.received_),
      whole_(other.whole_),
      misfit_(other.misfit_),
      progress_(other.progress_) {}

Part::~Part() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Part::read_note(const std::string& url) {
  head_ = {};
  head_.url = url;
  const auto text = read_file(note_of(path_));
  const auto note = Json::parse(text.value_or(""), nullptr, false);
  if (!note.is_object() || note.value("url", "") != url) return;
  try {
    head_.etag = note.value("etag", "");
    head_.last_modified = note.value("last_modified", "");
    head_.date = note.value("date", "");
    head_.encoding = note.value("encoding", "");
    head_.total = note.value("total", int64_t{-1});
  } catch (const Json::exception&) {
    head_ = {};
    head_.url = url;
  }
}

Result<> Part::write_note() const {
  const Json note = {
      {"url", head_.url},   {"etag", head_.etag},         {"last_modified", head_.last_modified},
      {"date", head_.date}, {"encoding", head_.encoding}, {"total", head_.total}};
  return write_file_atomically(note_of(path_),
                               note.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

Result<> Part::start_anew(const HttpResponse& answer) {
  RH_TRY(reset());
  head_.etag = answer.header("etag");
  head_.last_modified = answer.header("last-modified");
  head_.date = answer.header("date");
  head_.encoding = answer.header("content-encoding");
  head_.total = number_in(answer.header("content-length"));
  RH_TRY(check_room(path_, head_.total));
  return write_note();
}

Result<> Part::begin(const HttpResponse& answer) {
  if (answer.status == 200) return start_anew(answer);
  const auto range = content_range(answer.header("content-range"));
  const std::string etag = answer.header("etag");
  const bool fits = answer.status == 206 && range && range->first == static_cast<int64_t>(size_) &&
                    (head_.total < 0 || range->second < 0 || range->second == head_.total) &&
                    (etag.empty() || head_.etag.empty() || etag == head_.etag);
  if (!fits) {
    misfit_ = true;
    return fail(ErrorKind::kUnavailable,
                fmt::format("an answer ({}) that does not fit what was asked for", answer.status));
  }
  if (head_.total < 0) head_.total = range->second;
  return check_room(path_, number_in(answer.header("content-length")));
}

Result<> Part::write(std::span<const std::byte> bytes) {
  received_ += bytes.size();
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t put =
        ::pwrite(descriptor_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(size_));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail(system_error("keeping the download", path_.string(), errno));
    done += static_cast<size_t>(put);
    size_ += static_cast<uint64_t>(put);
  }
  if (progress_ != nullptr) {
    if (head_.total > 0) progress_->set_total(static_cast<uint64_t>(head_.total));
    progress_->add(bytes.size());
  }
  return {};
}

Result<> Part::finish() {
  if (head_.total >= 0 && size_ != static_cast<uint64_t>(head_.total)) {
    const uint64_t got = size_;
    RH_TRY(reset());
    return fail(ErrorKind::kDamaged, fmt::format("{} bytes came where {} were announced", got, head_.total));
  }
  if (::fsync(descriptor_) != 0) return fail(system_error("keeping the download", path_.string(), errno));
  whole_ = true;
  head_.total = static_cast<int64_t>(size_);
  return write_note();
}

Result<> Part::reset() {
  std::error_code code;
  fs::remove(note_of(path_), code);
  if (::ftruncate(descriptor_, 0) != 0)
    return fail(system_error("starting the download anew", path_.string(), errno));
  const std::string url = head_.url;
  head_ = {};
  head_.url = url;
  size_ = 0;
  whole_ = false;
  misfit_ = false;
  return {};
}

void Part::remove(const fs::path& path) {
  std::error_code code;
  fs::remove(note_of(path), code);
  fs::remove(path, code);
}

}  // namespace reelhouse::lake

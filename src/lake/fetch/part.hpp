#pragma once

#include <filesystem>
#include <string>

#include "base/progress.hpp"
#include "lake/http/transport.hpp"

namespace reelhouse::lake {

/// What a server said of a file when it began to send it.
struct FileHead {
  std::string url;
  std::string etag;
  std::string last_modified;
  std::string date;      ///< of the answer
  std::string encoding;  ///< Content-Encoding; empty = none
  int64_t total = -1;    ///< bytes of the whole; -1 = not said

  /// What If-Range may name: a strong ETag, or a date that is older than the answer; empty when there is
  /// none.
  std::string range_validator() const;
};

/// A download that has begun: a file beside a note of what it is part of. Survives the process, whatever ends
/// it; the note is written before the first byte, so that bytes are never taken for another file's.
class Part final : public BodySink {
 public:
  /// Opens the part at a path, with what an earlier process left there of the same URL.
  /// Errors: kPermission, kFull, kUnavailable.
  static Result<Part> open(std::filesystem::path path, const std::string& url);
  Part(Part&& other) noexcept;
  Part& operator=(Part&&) = delete;
  ~Part() override;

  const std::filesystem::path& path() const { return path_; }
  const FileHead& head() const { return head_; }
  uint64_t position() const override { return size_; }
  uint64_t received() const { return received_; }  ///< bytes that came over the wire to this object
  bool whole() const { return whole_; }
  /// True when the server sent a range that does not fit; the part has to start anew.
  bool misfit() const { return misfit_; }
  void show(Progress* progress) { progress_ = progress; }

  Result<> begin(const HttpResponse& answer) override;
  Result<> write(std::span<const std::byte> bytes) override;
  /// Notes, durably, that all bytes are there. Errors: kUnavailable, kFull; kDamaged (too few or too many).
  Result<> finish();
  /// Throws away what is there. Errors: kUnavailable.
  Result<> reset();
  /// Removes the part and its note.
  static void remove(const std::filesystem::path& path);

 private:
  Part(std::filesystem::path path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  Result<> start_anew(const HttpResponse& answer);
  Result<> write_note() const;
  void read_note(const std::string& url);

  std::filesystem::path path_;
  int descriptor_ = -1;
  FileHead head_;
  uint64_t size_ = 0;
  uint64_t received_ = 0;
  bool whole_ = false;
  bool misfit_ = false;
  Progress* progress_ = nullptr;
};

}  // namespace reelhouse::lake

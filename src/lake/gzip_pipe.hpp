#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.hpp"

namespace reelhouse::lake {

/// Compresses what is written to a path (a pipe's end, "/dev/fd/7") into a gzip file, in a thread of its
/// own: about twenty times as fast as the engine's own gzip, at nearly the same size. The bytes written
/// depend on the content only.
class GzipPipe {
 public:
  /// Creates the file. Errors: kPermission, kFull, kUnavailable.
  static Result<std::unique_ptr<GzipPipe>> open(const std::filesystem::path& file);
  /// Where to write the plain bytes; one writer, once.
  std::string input() const;
  /// Ends the input, waits for the rest and flushes the file. Errors: kFull, kUnavailable.
  Result<> finish();
  /// Ends the thread; the file is incomplete unless `finish` succeeded.
  ~GzipPipe();
  GzipPipe(const GzipPipe&) = delete;
  GzipPipe& operator=(const GzipPipe&) = delete;

 private:
  struct Compressor;
  explicit GzipPipe(std::unique_ptr<Compressor> compressor);
  std::unique_ptr<Compressor> compressor_;
};

}  // namespace reelhouse::lake

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/result.hpp"

namespace reelhouse::workflow {

/// Log of one run: `<folder>/<run>.jsonl`, a line of JSON an event
/// ({"time", "run", "step", "attempt", "level", "message"}), flushed a line, readable while it grows.
/// Thread-safe. When the disk is full lines are dropped and counted, and a later line says how many; so are
/// lines of commands beyond the first `most_output` bytes of them.
class RunLog {
 public:
  static constexpr uint64_t kMostOutput = 64 << 20;
  /// Errors: kNotFound (`run` is no run's id), kPermission, kFull, kUnavailable.
  static Result<std::unique_ptr<RunLog>> open(const std::filesystem::path& folder, const std::string& run,
                                              const Clock& clock, uint64_t most_output = kMostOutput);
  virtual ~RunLog() = default;
  /// `level`: info, warning, error, output (of a command). Invalid UTF-8 is replaced.
  virtual void write(const std::string& step, int attempt, std::string_view level,
                     std::string_view message) = 0;
};

/// What of a log follows the byte `from`: whole lines only, at most `most` bytes (one line at least), and
/// where to go on. A line that a crash has torn is left out.
struct LogPart {
  Json lines = Json::array();
  uint64_t next = 0;
};
/// Errors: kNotFound (no such log), kPermission, kUnavailable.
Result<LogPart> read_log(const std::filesystem::path& folder, const std::string& run, uint64_t from,
                         uint64_t most = 1 << 20);

}  // namespace reelhouse::workflow

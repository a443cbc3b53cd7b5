#include "workflow/run/log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "base/files.hpp"

namespace reelhouse::workflow {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kLongestLine = 64 << 20;

/// Returns the file of a run's log; nothing when no run has such an id: it comes from people, over HTTP too.
fs::path log_file(const fs::path& folder, const std::string& run) {
  const bool is_id = !run.empty() && run.front() != '.' && std::ranges::all_of(run, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
  return is_id ? folder / (run + ".jsonl") : fs::path();
}

Error no_such_log(const std::string& run) {
  return {ErrorKind::kNotFound, fmt::format("the run '{}' has no log", run),
          "'reelhouse runs' lists the runs; logs go with them.", ""};
}

class FileRunLog final : public RunLog {
 public:
  FileRunLog(int file, std::string run, const Clock& clock, uint64_t most_output)
      : file_(file), run_(std::move(run)), clock_(clock), output_left_(most_output) {
    struct stat status {};
    size_ = ::fstat(file_, &status) == 0 ? status.st_size : 0;
    // A line that an earlier process has torn ends here.
    char last = '\n';
    if (size_ > 0 && ::pread(file_, &last, 1, size_ - 1) == 1 && last != '\n') (void)append("\n");
  }
  ~FileRunLog() override {
    if (lost_ > 0) (void)append(lost_line());
    if (silenced_ > 0) (void)append(silenced_line());
    ::close(file_);
  }

  void write(const std::string& step, int attempt, std::string_view level,
             std::string_view message) override {
    const std::lock_guard lock(mutex_);
    const std::string line = render(step, attempt, level, message);
    if (level == "output") {
      if (line.size() > output_left_) {
        output_left_ = 0;
        if (silenced_++ == 0)
          (void)append(
              render("", 0, "warning", "commands have written too much: what they write on is left out"));
        return;
      }
      output_left_ -= line.size();
    }
    const std::string before = lost_ > 0 ? lost_line() : "";
    if (append(before + line))
      lost_ = 0;
    else
      ++lost_;
  }

 private:
  std::string render(const std::string& step, int attempt, std::string_view level,
                     std::string_view message) const {
    const Json line = {{"time", to_iso(clock_.now())}, {"run", run_},    {"step", step},
                       {"attempt", attempt},           {"level", level}, {"message", message}};
    return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  std::string lost_line() const {
    return render("", 0, "warning",
                  fmt::format("{} lines of this log could not be written and are lost", lost_));
  }
  std::string silenced_line() const {
    return render("", 0, "warning",
                  fmt::format("{} lines of commands were left out: they had written too much", silenced_));
  }

  /// Adds text whole, or not at all.
  bool append(std::string_view text) {
    size_t done = 0;
    while (done < text.size()) {
      const ssize_t written = ::write(file_, text.data() + done, text.size() - done);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) {
        if (done > 0) (void)!::ftruncate(file_, size_);
        return false;
      }
      done += static_cast<size_t>(written);
    }
    size_ += static_cast<off_t>(text.size());
    return true;
  }

  std::mutex mutex_;
  int file_;
  std::string run_;
  const Clock& clock_;
  off_t size_ = 0;
  uint64_t output_left_;
  uint64_t lost_ = 0;
  uint64_t silenced_ = 0;
};

/// Reads from `from` at most `most` bytes, but no less than one line when there is one.
Result<std::string> read_lines(int file, const fs::path& path, uint64_t from, uint64_t most) {
  std::string text;
  while (true) {
    const size_t had = text.size();
    text.resize(had + most);
    const ssize_t size = ::pread(file, text.data() + had, most, static_cast<off_t>(from + had));
    if (size < 0 && errno != EINTR) return fail(system_error("reading the log", path.string(), errno));
    text.resize(had + static_cast<size_t>(std::max<ssize_t>(size, 0)));
    if (size < 0) continue;
    const size_t end = text.rfind('\n');
    if (end != std::string::npos) {
      text.resize(end + 1);
      return text;
    }
    if (size == 0 || text.size() > kLongestLine) return std::string();
  }
}

}  // namespace

Result<std::unique_ptr<RunLog>> RunLog::open(const fs::path& folder, const std::string& run,
                                             const Clock& clock, uint64_t most_output) {
  const fs::path path = log_file(folder, run);
  if (path.empty()) return fail(no_such_log(run));
  RH_TRY(make_folders(path.parent_path()));
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return fail(system_error("opening the log", path.string(), errno));
  return std::make_unique<FileRunLog>(file, run, clock, most_output);
}

Result<LogPart> read_log(const fs::path& folder, const std::string& run, uint64_t from, uint64_t most) {
  const fs::path path = log_file(folder, run);
  const int file = path.empty() ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    if (path.empty() || errno == ENOENT || errno == ENOTDIR) return fail(no_such_log(run));
    return fail(system_error("opening the log", path.string(), errno));
  }
  const auto text = read_lines(file, path, from, std::clamp<uint64_t>(most, 1, kLongestLine));
  ::close(file);
  if (!text) return fail(text.error());
  LogPart part;
  part.next = from + text->size();
  for (size_t start = 0; start < text->size();) {
    const size_t end = text->find('\n', start);
    Json line = Json::parse(std::string_view(*text).substr(start, end - start), nullptr, false);
    if (line.is_object()) part.lines.push_back(std::move(line));
    start = end + 1;
  }
  return part;
}

}  // namespace reelhouse::workflow

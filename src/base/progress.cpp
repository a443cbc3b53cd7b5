#include "base/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

namespace reelhouse {
namespace {

int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

std::string amount(uint64_t value, const std::string& unit) {
  const double v = static_cast<double>(value);
  if (unit == "bytes") {
    if (value >= 1'000'000'000) return fmt::format("{:.1f} GB", v / 1e9);
    if (value >= 1'000'000) return fmt::format("{:.1f} MB", v / 1e6);
    return fmt::format("{:.0f} kB", v / 1e3);
  }
  if (value >= 1'000'000) return fmt::format("{:.1f}M {}", v / 1e6, unit);
  return fmt::format("{} {}", value, unit);
}

}  // namespace

/// Draws the newest step that runs, from one background thread that sleeps while none does.
class ProgressPainter {
 public:
  static ProgressPainter& instance() {
    static ProgressPainter painter;
    return painter;
  }

  void add(Progress* step) {
    const std::lock_guard lock(mutex_);
    steps_.push_back(step);
    if (!thread_.joinable()) thread_ = std::jthread([this](const std::stop_token& stop) { paint(stop); });
    wake_.notify_all();
  }

  void remove(Progress* step) {
    const std::lock_guard lock(mutex_);
    std::erase(steps_, step);
    if (drawn_) {
      std::fputs("\r\x1b[K", stderr);
      drawn_ = false;
    }
  }

  std::atomic<bool> quiet{false};

 private:
  void paint(const std::stop_token& stop) {
    const bool terminal = ::isatty(STDERR_FILENO) == 1;
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      if (steps_.empty()) wake_.wait(lock, stop, [this] { return !steps_.empty(); });
      wake_.wait_for(lock, stop, std::chrono::milliseconds(200), [] { return false; });
      if (steps_.empty() || quiet) continue;
      const Progress& step = *steps_.back();
      const int64_t now = now_ms();
      if (now - step.started_ms_ < (terminal ? 2000 : 10000)) continue;
      if (!terminal && now - last_line_ms_ < 10000) continue;
      last_line_ms_ = now;
      draw(step, static_cast<double>(now - step.started_ms_) / 1000, terminal);
    }
  }

  void draw(const Progress& step, double seconds, bool terminal) {
    const uint64_t done = step.done_;
    const uint64_t total = step.total_;
    std::string line = step.step_;
    if (total > 0) {
      const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
      if (terminal) {
        const auto full = static_cast<size_t>(share * 24);
        line += fmt::format(" [{}{}]", std::string(full, '='), std::string(24 - full, ' '));
      }
      line += fmt::format(" {:3.0f} %", share * 100);
    }
    if (done > 0) line += fmt::format("  {}", amount(done, step.unit_));
    line += fmt::format("  {:.0f} s", seconds);
    std::fputs(terminal ? ("\r\x1b[K" + line).c_str() : (line + "\n").c_str(), stderr);
    std::fflush(stderr);
    drawn_ = terminal;
  }

  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::vector<Progress*> steps_;
  std::jthread thread_;
  bool drawn_ = false;
  int64_t last_line_ms_ = 0;
};

Progress::Progress(std::string step, uint64_t total, std::string unit)
    : step_(std::move(step)), unit_(std::move(unit)), total_(total), started_ms_(now_ms()) {
  ProgressPainter::instance().add(this);
}

Progress::~Progress() {
  ProgressPainter::instance().remove(this);
}

void Progress::set_quiet(bool quiet) {
  ProgressPainter::instance().quiet = quiet;
}

}  // namespace reelhouse

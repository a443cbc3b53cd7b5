#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace reelhouse::serve {

/// Counts requests and their times, for Prometheus. Thread-safe.
class Counters {
 public:
  void add(const std::string& route, int status, double seconds);
  /// Counts a question: a request may ask several.
  void add_question(int status);
  /// Renders the text format 0.0.4. `gauges` are (name, help, value).
  struct Gauge {
    std::string name;
    std::string help;
    double value = 0;
  };
  std::string render(const std::vector<Gauge>& gauges) const;

 private:
  static constexpr std::array kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                         0.25,  0.5,    1.0,   2.5,  5.0,   10.0, 30.0};
  struct Times {
    std::array<uint64_t, kBounds.size() + 1> buckets{};
    double sum = 0;
    uint64_t count = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, uint64_t> requests_;
  std::map<std::string, Times> times_;
  std::map<int, uint64_t> questions_;
};

/// Resident memory of this process in bytes.
uint64_t resident_memory();

}  // namespace reelhouse::serve

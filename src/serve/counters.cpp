#include "serve/counters.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

namespace reelhouse::serve {

void Counters::add(const std::string& route, int status, double seconds) {
  const std::lock_guard lock(mutex_);
  ++requests_[{route, status}];
  Times& times = times_[route];
  size_t bucket = 0;
  while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
  ++times.buckets[bucket];
  times.sum += seconds;
  ++times.count;
}

void Counters::add_question(int status) {
  const std::lock_guard lock(mutex_);
  ++questions_[status];
}

std::string Counters::render(const std::vector<Gauge>& gauges) const {
  std::string text;
  const auto out = std::back_inserter(text);
  for (const auto& gauge : gauges)
    fmt::format_to(out, "# HELP {0} {1}\n# TYPE {0} gauge\n{0} {2}\n", gauge.name, gauge.help, gauge.value);
  const std::lock_guard lock(mutex_);
  text +=
      "# HELP reelhouse_requests_total Requests answered.\n"
      "# TYPE reelhouse_requests_total counter\n";
  for (const auto& [key, count] : requests_)
    fmt::format_to(out, "reelhouse_requests_total{{route=\"{}\",status=\"{}\"}} {}\n", key.first, key.second,
                   count);
  text +=
      "# HELP reelhouse_questions_total Questions answered, alone or several in a request.\n"
      "# TYPE reelhouse_questions_total counter\n";
  for (const auto& [status, count] : questions_)
    fmt::format_to(out, "reelhouse_questions_total{{status=\"{}\"}} {}\n", status, count);
  text +=
      "# HELP reelhouse_request_seconds Time from the request's end to the answer's.\n"
      "# TYPE reelhouse_request_seconds histogram\n";
  for (const auto& [route, times] : times_) {
    uint64_t below = 0;
    for (size_t i = 0; i < kBounds.size(); ++i) {
      below += times.buckets[i];
      fmt::format_to(out, "reelhouse_request_seconds_bucket{{route=\"{}\",le=\"{}\"}} {}\n", route,
                     kBounds[i], below);
    }
    fmt::format_to(out, "reelhouse_request_seconds_bucket{{route=\"{}\",le=\"+Inf\"}} {}\n", route,
                   times.count);
    fmt::format_to(out, "reelhouse_request_seconds_sum{{route=\"{}\"}} {:.6f}\n", route, times.sum);
    fmt::format_to(out, "reelhouse_request_seconds_count{{route=\"{}\"}} {}\n", route, times.count);
  }
  return text;
}

uint64_t resident_memory() {
  std::ifstream file("/proc/self/statm");
  uint64_t all = 0;
  uint64_t resident = 0;
  file >> all >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace reelhouse::serve

#include "serve/counters.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

#include "base/prometheus.hpp"

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
  Prometheus numbers;
  for (const auto& gauge : gauges) numbers.family(gauge.name, "gauge", gauge.help).sample({}, gauge.value);
  const std::lock_guard lock(mutex_);
  auto& requests = numbers.family("reelhouse_requests_total", "counter", "Requests answered.");
  for (const auto& [key, count] : requests_)
    requests.sample({{"route", key.first}, {"status", std::to_string(key.second)}}, count);
  auto& questions = numbers.family("reelhouse_questions_total", "counter",
                                   "Questions answered, alone or several in a request.");
  for (const auto& [status, count] : questions_)
    questions.sample({{"status", std::to_string(status)}}, count);
  auto& seconds = numbers.family("reelhouse_request_seconds", "histogram",
                                 "Time from the request's end to the answer's.");
  for (const auto& [route, times] : times_) {
    uint64_t below = 0;
    for (size_t i = 0; i < kBounds.size(); ++i) {
      below += times.buckets[i];
      seconds.part("_bucket", {{"route", route}, {"le", fmt::format("{}", kBounds[i])}}, below);
    }
    seconds.part("_bucket", {{"route", route}, {"le", "+Inf"}}, times.count);
    seconds.part("_sum", {{"route", route}}, fmt::format("{:.6f}", times.sum));
    seconds.part("_count", {{"route", route}}, times.count);
  }
  return numbers.text();
}

uint64_t resident_memory() {
  std::ifstream file("/proc/self/statm");
  uint64_t all = 0;
  uint64_t resident = 0;
  file >> all >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace reelhouse::serve

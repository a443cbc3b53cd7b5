#include "catalog/crawler.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "base/interrupt.hpp"

namespace reelhouse::catalog {
namespace {

/// An object from this size on is read by all threads: fewer would leave cores idle at the end.
constexpr uint64_t kLarge = 32 * 1024 * 1024;
/// Versions of an object that are tried when it keeps changing.
constexpr int kMostVersions = 3;

/// The first failure that ends the whole crawl, seen by all threads.
class Stop {
 public:
  void set(Error error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
    asked_ = true;
  }
  bool asked() const { return asked_; }
  Result<> result() const {
    if (error_) return fail(*error_);
    return {};
  }

 private:
  std::mutex mutex_;
  std::optional<Error> error_;
  std::atomic<bool> asked_{false};
};

Error interruption() {
  return {ErrorKind::kInterrupted, "the crawl was interrupted; nothing of it is kept", "", ""};
}

/// Turns the failure to read one object into its problem, or into the end of the crawl.
void note_failure(Error error, CrawledObject& object, Stop& stop) {
  if (error.kind == ErrorKind::kInterrupted) return stop.set(interruption());
  if (error.kind == ErrorKind::kFull) return stop.set(std::move(error));
  object.lasting_problem = error.kind == ErrorKind::kDamaged;
  object.read_problem = std::move(error.message);
  const bool moving = error.kind == ErrorKind::kNotFound || error.kind == ErrorKind::kBusy;
  if (moving) object.read_problem += "; it was changed while it was crawled: crawl again";
}

Result<ObjectProfile> profile(const lake::ObjectStore& lake, const CrawledObject& object, int threads,
                              const ObjectProfiler& profiler, Progress* progress) {
  const lake::ObjectInfo& info = object.object.info;
  RH_ASSIGN(const auto file, lake.local_copy(info));
  const FormatOverride fixed = object.claim ? object.claim->format : FormatOverride();
  RH_ASSIGN(auto profiled,
            profiler(file, info.key.substr(info.key.rfind('/') + 1), fixed, threads, progress));
  // A file that was written to while it was read may have given a mixture.
  RH_ASSIGN(const auto after, lake.head(info.key));
  if (after.etag != info.etag)
    return fail(ErrorKind::kBusy, "reading: it is not as it was listed", "", info.key);
  return profiled;
}

/// Reads the object's newest version when it was written after the listing; what it is then replaces
/// what was listed. One that never rests stays an error.
Result<ObjectProfile> profile_newest(const lake::ObjectStore& lake, CrawledObject& object, int threads,
                                     const ObjectProfiler& profiler, Progress* progress) {
  auto profiled = profile(lake, object, threads, profiler, progress);
  for (int again = 0; again < kMostVersions; ++again) {
    if (profiled || profiled.error().kind != ErrorKind::kBusy || interrupted()) break;
    RH_ASSIGN(object.object.info, lake.head(object.object.info.key));
    profiled = profile(lake, object, threads, profiler, progress);
  }
  return profiled;
}

void read_one(const lake::ObjectStore& lake, CrawledObject& object, int threads,
              const ObjectProfiler& profiler, Progress* progress, Stop& stop) {
  if (interrupted()) return stop.set(interruption());
  auto profiled = profile_newest(lake, object, threads, profiler, progress);
  object.was_read = true;
  object.has_profile = profiled.has_value();
  if (!profiled) return note_failure(std::move(profiled).error(), object, stop);
  object.object.profile = std::move(*profiled);
  object.rejects = std::exchange(object.object.profile.rejects, {});
}

}  // namespace

Result<> read_objects(const lake::ObjectStore& lake, std::vector<CrawledObject*> objects, int threads,
                      const ObjectProfiler& profiler) {
  if (threads <= 0) threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  std::ranges::stable_sort(objects, std::greater(),
                           [](const CrawledObject* o) { return o->object.info.size; });
  uint64_t bytes = 0;
  std::vector<lake::ObjectInfo> infos;
  for (const auto* object : objects) {
    bytes += object->object.info.size;
    infos.push_back(object->object.info);
  }
  if (auto brought = lake.prefetch(infos); !brought)
    return fail(brought.error().kind == ErrorKind::kInterrupted ? interruption() : brought.error());
  Progress progress("crawling", bytes, "bytes");
  Stop stop;
  size_t large = 0;
  for (; large < objects.size() && objects[large]->object.info.size >= kLarge && !stop.asked(); ++large)
    read_one(lake, *objects[large], threads, profiler, &progress, stop);
  std::atomic<size_t> next = large;
  const auto work = [&] {
    for (size_t i = next++; i < objects.size() && !stop.asked(); i = next++)
      read_one(lake, *objects[i], 1, profiler, &progress, stop);
  };
  {
    std::vector<std::jthread> workers;
    const size_t left = objects.size() - large;
    for (size_t i = 1; i < std::min(left, static_cast<size_t>(threads)); ++i) workers.emplace_back(work);
    work();
  }
  return stop.result();
}

}  // namespace reelhouse::catalog

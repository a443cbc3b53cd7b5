#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "metric/snapshot.hpp"

namespace reelhouse::serve {

/// A session that can only be interrupted.
class FakeSession final : public engine::Session {
 public:
  Result<> execute(const std::string&) override { return {}; }
  Result<uint64_t> copy(const std::string&) override { return 0; }
  Result<engine::Rows> query(const std::string&, const std::vector<engine::Cell>&) override {
    return engine::Rows{};
  }
  Result<> stream(const std::string&, const std::function<bool(const engine::Rows&)>&) override { return {}; }
  Result<std::unique_ptr<engine::Scan>> scan(const std::string& sql) override {
    return fail(ErrorKind::kInternal, "nothing can be scanned here", "", sql);
  }
  Result<engine::References> references_of(const std::string&) override { return engine::References{}; }
  Result<Json> plan_of(const std::string&) override { return Json(); }
  void interrupt() override {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    wake_.notify_all();
  }
  /// Waits as a long statement would. Errors: kInterrupted.
  Result<> wait() {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::chrono::seconds(20), [&] { return interrupted_; });
    if (interrupted_) return fail(ErrorKind::kInterrupted, "interrupted");
    return {};
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool interrupted_ = false;
};

/// A version whose answers are rows "1", "2", ... as many as the query's limit (3 without one). A query
/// for the measure "slow" lasts until it is interrupted; "wrong" fails.
class FakeSnapshot final : public metric::Snapshot {
 public:
  explicit FakeSnapshot(int number) {
    version_.number = number;
    version_.created = "2026-11-22T06:12:00Z";
    version_.run = "run-" + std::to_string(number);
  }
  const warehouse::Version& version() const override { return version_; }
  Result<std::unique_ptr<engine::Session>> connect() const override {
    ++connected_;
    return std::make_unique<FakeSession>();
  }
  Result<metric::Answer> ask(engine::Session& session, const metric::Query& query) const override {
    ++asked_;
    if (query.measures.front() == "slow") RH_TRY(static_cast<FakeSession&>(session).wait());
    if (query.measures.front() == "wrong")
      return fail(ErrorKind::kUsage, "there is no measure 'wrong'", "right?");
    if (query.measures.front() == "thrown") throw std::runtime_error("a library's exception");
    metric::Answer answer;
    answer.version = version_.number;
    answer.view = "shop";
    answer.columns = {{"day", "Day", metric::AnswerColumn::Kind::kDimension, "date", "", "day", false},
                      {"sold", "Sold, all", metric::AnswerColumn::Kind::kMeasure, "money", "USD", "", true}};
    const int count = query.limit > 0 ? query.limit : 3;
    for (int i = 1; i <= count; ++i)
      answer.rows.push_back({"2026-01-0" + std::to_string(i % 10), int64_t{i}});
    answer.source = "cube";
    return answer;
  }
  Json describe() const override { return {{"version", version_.number}, {"views", Json::array()}}; }

  int asked() const { return asked_; }
  int connected() const { return connected_; }

 private:
  warehouse::Version version_;
  mutable std::atomic<int> asked_ = 0;
  mutable std::atomic<int> connected_ = 0;
};

}  // namespace reelhouse::serve

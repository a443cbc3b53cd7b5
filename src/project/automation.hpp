#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "project/project.hpp"
#include "workflow/alert/numbers.hpp"
#include "workflow/alert/watch.hpp"
#include "workflow/scheduler/scheduler.hpp"

namespace reelhouse::project {

/// What `reelhouse serve` does besides answering: runs the project's workflows, watches what alerts speak of,
/// and keeps numbers of both for Prometheus. Thread-safe.
class Automation {
 public:
  /// `say` is called from several threads. Errors: as Scheduler::open and Watch::open.
  static Result<std::unique_ptr<Automation>> open(const std::shared_ptr<Project>& project, const Clock& clock,
                                                  const std::function<void(const std::string&)>& say);
  ~Automation();
  Automation(const Automation&) = delete;
  Automation& operator=(const Automation&) = delete;

  /// `changed` is called when a run or a step has changed, by whomever.
  void start(std::function<void()> changed);
  /// Ends what runs, and waits for it.
  void stop();

  workflow::Scheduler* scheduler() { return scheduler_.get(); }
  /// Numbers of runs, freshness, triggers and alerts as of the last look, in Prometheus's text format.
  std::string numbers() const;

 private:
  Automation(std::shared_ptr<Project> project, const Clock& clock)
      : project_(std::move(project)), clock_(clock) {}
  Result<> open_watch_on(const std::vector<std::string>& names, bool keep_before);
  std::string alerts_text() const;
  void wake();
  void watch();
  void look();

  const std::shared_ptr<Project> project_;
  const Clock& clock_;
  std::function<void(const std::string&)> say_;
  std::function<void()> changed_;
  std::shared_ptr<workflow::RunHistory> history_;
  std::string alerts_text_;  ///< alerts.yml and the names of workflows as `watch_` knows them
  std::vector<std::string> alerts_workflows_;
  std::unique_ptr<workflow::Watch> watch_;
  std::unique_ptr<workflow::Scheduler> scheduler_;
  workflow::RunNumbers runs_;

  mutable std::mutex mutex_;  ///< guards the next lines
  std::condition_variable wake_;
  bool stopping_ = false;
  bool woken_ = false;
  std::string numbers_;
  std::thread thread_;
};

}  // namespace reelhouse::project

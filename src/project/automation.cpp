#include "project/automation.hpp"

#include "base/files.hpp"
#include "project/alerts.hpp"

namespace reelhouse::project {
namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 60s;        ///< between looks at what no run changes: freshness, firings
constexpr auto kLookAtFile = 3s;   ///< between looks whether alerts.yml has changed
constexpr auto kCalmDown = 500ms;  ///< after a change, so that a run's many steps make one look

workflow::SchedulerOptions scheduler_options(const std::shared_ptr<Project>& project,
                                             std::function<void(const std::string&)> say) {
  const Settings& settings = project->settings();
  workflow::SchedulerOptions options;
  options.history = settings.runs_db();
  options.lock = settings.scheduler_lock();
  options.logs = settings.logs();
  options.receipts = settings.receipts();
  options.steps = settings.steps();
  options.folder = settings.workflows();
  options.load = [project, say](bool& is_whole) {
    const auto workflows = project->workflows();
    for (const auto& problem : workflows->problems) say("warning: left out: " + problem.to_string());
    is_whole = workflows->problems.empty();
    return workflows->all;
  };
  options.lake = settings.lake;
  options.cache = settings.objects();
  options.versions = settings.keep_versions;
  options.command = [program = project->program()](const workflow::Run& run) {
    workflow::Program command = program;
    command.arguments.insert(command.arguments.end(), {"run", "--queued", run.id});
    return command;
  };
  options.say = std::move(say);
  return options;
}

}  // namespace

Result<std::unique_ptr<Automation>> Automation::open(const std::shared_ptr<Project>& project,
                                                     const Clock& clock,
                                                     const std::function<void(const std::string&)>& say) {
  std::unique_ptr<Automation> made(new Automation(project, clock));
  Automation* self = made.get();
  made->say_ = say;
  RH_TRY(make_folders(project->settings().state));
  RH_ASSIGN(made->history_, project->history());
  RH_TRY(made->open_watch_on(project->workflows()->names(), false));  // the scheduler tells their problems
  auto options = scheduler_options(project, say);
  options.changed = [self] {
    if (self->changed_) self->changed_();
    self->wake();
  };
  RH_ASSIGN(made->scheduler_, workflow::Scheduler::open(std::move(options), clock));
  return made;
}

Automation::~Automation() {
  stop();
}

void Automation::start(std::function<void()> changed) {
  changed_ = std::move(changed);
  scheduler_->start();
  thread_ = std::thread([this] { watch(); });
}

void Automation::stop() {
  if (scheduler_) scheduler_->stop();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Automation::wake() {
  const std::lock_guard lock(mutex_);
  woken_ = true;
  wake_.notify_all();
}

std::string Automation::alerts_text() const {
  return read_file(project_->settings().alerts()).value_or("");
}

/// Watches for what alerts.yml says now. With problems in it the rest of it holds, or, with `keep_before`,
/// what held before.
Result<> Automation::open_watch_on(const std::vector<std::string>& names, bool keep_before) {
  std::string text = alerts_text();
  if (watch_ && text == alerts_text_ && names == alerts_workflows_) return {};
  // Alerts of metrics that cannot be read are not known yet: they are asked for again.
  RH_ASSIGN(const auto definitions, project_->definitions());
  alerts_text_ = std::move(text);
  alerts_workflows_ = names;
  std::vector<Error> problems;
  auto book = read_alerts(*project_, *definitions, problems);
  for (const auto& problem : problems)
    say_(fmt::format("warning: {}: {}", keep_before ? "alerts stay as they were" : "left out",
                     problem.to_string()));
  if (keep_before && !problems.empty()) return {};
  RH_ASSIGN(auto opened,
            open_watch(project_, std::move(book), *history_, clock_,
                       [say = say_](const Error& error) { say("warning: " + error.to_string()); }));
  watch_ = std::move(opened);
  if (keep_before) say_("the alerts were read again");
  return {};
}

void Automation::look() {
  watch_->look();
  if (const auto looked = runs_.look(*history_); !looked) say_("warning: " + looked.error().to_string());
  const auto alerts = watch_->counts();
  std::string text = workflow::render_numbers(runs_.shown(), watch_->freshness(), scheduler_->next_firings(1),
                                              alerts ? *alerts : workflow::AlertCounts{});
  const std::lock_guard lock(mutex_);
  numbers_ = std::move(text);
}

void Automation::watch() {
  auto next = std::chrono::steady_clock::now();
  bool woken = true;
  std::string told;  // a problem that stays is told once
  while (true) {
    const bool is_due = woken || std::chrono::steady_clock::now() >= next;
    if (is_due || alerts_text() != alerts_text_) {
      if (const auto opened = open_watch_on(project_->workflows()->names(), true); opened)
        told.clear();
      else if (auto problem = opened.error().to_string(); problem != told)
        say_("warning: " + (told = std::move(problem)));
    }
    if (is_due) {
      look();
      next = std::chrono::steady_clock::now() + kLook;
    }
    std::unique_lock lock(mutex_);
    woken = wake_.wait_for(lock, kLookAtFile, [this] { return stopping_ || woken_; });
    if (!stopping_ && woken) wake_.wait_for(lock, kCalmDown, [this] { return stopping_; });
    woken_ = false;
    if (stopping_) break;
  }
  look();  // tells of runs that the stop itself has cancelled
}

std::string Automation::numbers() const {
  const std::lock_guard lock(mutex_);
  return numbers_;
}

}  // namespace reelhouse::project

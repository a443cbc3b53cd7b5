#include "app/automation.hpp"

#include "app/project_workflows.hpp"
#include "app/watching.hpp"
#include "base/files.hpp"

namespace reelhouse::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 60s;        ///< between looks at what no run changes: freshness, firings
constexpr auto kLookAtFile = 3s;   ///< between looks whether alerts.yml has changed
constexpr auto kCalmDown = 500ms;  ///< after a change, so that a run's many steps make one look

workflow::SchedulerOptions scheduler_options(const GlobalFlags& flags, const Settings& settings,
                                             std::function<void(const std::string&)> say) {
  workflow::SchedulerOptions options;
  options.state = settings.state;
  options.folder = settings.project / "workflows";
  options.load = [settings, say](bool& is_whole) {
    std::vector<Error> problems;
    auto workflows = read_workflows(settings, problems);
    for (const auto& problem : problems) say("warning: left out: " + problem.to_string());
    is_whole = problems.empty();
    return workflows;
  };
  options.lake = settings.lake;
  options.cache = settings.objects();
  options.receipts = settings.store / "receipts";
  options.versions = settings.keep_versions;
  options.command = [program = program_with_flags(flags, settings)](const workflow::Run& run) {
    auto arguments = program;
    arguments.insert(arguments.end(), {"run", "--queued", run.id});
    return arguments;
  };
  options.say = std::move(say);
  return options;
}

}  // namespace

Result<std::unique_ptr<Automation>> Automation::open(const GlobalFlags& flags, const Settings& settings,
                                                     const metric::Definitions& definitions,
                                                     const Clock& clock,
                                                     std::function<void(const std::string&)> say) {
  std::unique_ptr<Automation> made(new Automation(settings, definitions, clock));
  Automation* self = made.get();
  made->say_ = say;
  RH_TRY(make_folders(settings.state));
  RH_ASSIGN(made->history_, workflow::open_run_history(settings.runs()));
  std::vector<Error> problems;  // told by the scheduler
  RH_TRY(made->open_watch_on(read_workflows(settings, problems), false));
  auto options = scheduler_options(flags, settings, say);
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
  return read_file(settings_.project / "alerts.yml").value_or("");
}

/// Watches for what alerts.yml says now. With problems in it the rest of it holds, or, with `keep_before`,
/// what held before.
Result<> Automation::open_watch_on(const std::vector<workflow::Workflow>& workflows, bool keep_before) {
  std::vector<std::string> names;
  for (const auto& workflow : workflows) names.push_back(workflow.name);
  std::string text = alerts_text();
  if (watch_ && text == alerts_text_ && names == alerts_workflows_) return {};
  alerts_text_ = std::move(text);
  alerts_workflows_ = names;
  std::vector<Error> problems;
  auto book = read_alerts(settings_, definitions_, names, problems);
  for (const auto& problem : problems)
    say_(fmt::format("warning: {}: {}", keep_before ? "alerts stay as they were" : "left out",
                     problem.to_string()));
  if (keep_before && !problems.empty()) return {};
  RH_ASSIGN(auto opened,
            open_watch(settings_, std::move(book), names, *history_, clock_,
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
  while (true) {
    const bool is_due = woken || std::chrono::steady_clock::now() >= next;
    if (is_due || alerts_text() != alerts_text_)
      if (const auto opened = open_watch_on(scheduler_->workflows(), true); !opened)
        say_("warning: " + opened.error().to_string());
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

}  // namespace reelhouse::app

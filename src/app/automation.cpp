#include "app/automation.hpp"

#include "app/project_workflows.hpp"
#include "app/watching.hpp"
#include "base/files.hpp"

namespace reelhouse::app {
namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 60s;        ///< between looks at what no run changes: freshness, firings
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
  std::unique_ptr<Automation> made(new Automation(clock));
  Automation* self = made.get();
  made->say_ = say;
  RH_TRY(make_folders(settings.state));
  RH_ASSIGN(made->history_, workflow::open_run_history(settings.runs()));
  std::vector<Error> problems;
  std::vector<std::string> names;
  for (const auto& workflow : read_workflows(settings, problems)) names.push_back(workflow.name);
  std::vector<Error> wrong_alerts;  // problems of workflows are told by the scheduler
  auto book = read_alerts(settings, definitions, names, wrong_alerts);
  for (const auto& problem : wrong_alerts) say("warning: left out: " + problem.to_string());
  RH_ASSIGN(made->watch_, open_watch(settings, std::move(book), names, *made->history_, clock,
                                     [say](const Error& error) { say("warning: " + error.to_string()); }));
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
  thread_ = std::thread([this] { watch(); });
  scheduler_->start();
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
  while (true) {
    look();
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, kLook, [this] { return stopping_ || woken_; });
    if (!stopping_ && woken_) wake_.wait_for(lock, kCalmDown, [this] { return stopping_; });
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

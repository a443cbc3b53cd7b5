#include "workflow/run/project_steps.hpp"

#include <algorithm>
#include <sstream>
#include <thread>

#include "base/files.hpp"
#include "base/interrupt.hpp"
#include "base/near_miss.hpp"
#include "workflow/run/command_process.hpp"

namespace reelhouse::workflow {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestProperty = size_t{64} * 1024;
constexpr std::chrono::seconds kPatience{5};
constexpr int kSignalled = 128;  ///< exit codes above it tell of a signal
constexpr int kGraceLooks = 10;
constexpr std::chrono::milliseconds kGraceLook{30};

bool is_phase(StepKind kind) {
  return kind == StepKind::kCrawl || kind == StepKind::kBuild || kind == StepKind::kCheck ||
         kind == StepKind::kPublish;
}

/// What all build steps of a workflow select together; nothing when one builds everything or none builds.
std::vector<std::string> selection_of(const Workflow& workflow) {
  std::vector<std::string> all;
  for (const auto& step : workflow.steps) {
    if (step.kind != StepKind::kBuild) continue;
    if (step.what.empty()) return {};
    all.insert(all.end(), step.what.begin(), step.what.end());
  }
  return all;
}

/// Reads the lines `name=value` that a command left.
Result<Properties> read_properties(const fs::path& file) {
  Properties properties;
  const auto text = read_file(file);
  if (!text) return properties;  // it wrote none
  std::istringstream lines(*text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    const size_t sign = line.find('=');
    const std::string name = line.substr(0, sign);
    if (sign == std::string::npos || name.empty() || line.size() > kLongestProperty)
      return fail(ErrorKind::kProject,
                  fmt::format("reading the properties that the step wrote: line {} is not name=value: '{}'",
                              number, line.substr(0, 60)),
                  "Write one line a property into the file that REELHOUSE_PROPERTIES names.");
    properties[name] = line.substr(sign + 1);
  }
  return properties;
}

/// A property's name as a variable's: a dot is none.
std::string variable_of(std::string name) {
  std::ranges::replace(name, '.', '_');
  return name;
}

}  // namespace

void remove_step_leftovers(const fs::path& steps, const RunHistory& history) {
  std::error_code code;
  std::vector<fs::path> gone;
  for (const auto& entry : fs::directory_iterator(steps, code)) {
    const auto run = history.find(entry.path().filename().string());
    if (!run || has_ended(run->state)) gone.push_back(entry.path());
  }
  for (const auto& folder : gone) fs::remove_all(folder, code);
}

ProjectSteps::ProjectSteps(PipelineOptions options, const Workflow& workflow, ProjectNames names,
                           Program program, const Clock& clock, Say say)
    : options_(std::move(options)),
      workflow_(workflow),
      names_(std::move(names)),
      program_(std::move(program)),
      clock_(clock),
      say_(std::move(say)) {
  options_.select = selection_of(workflow);
  options_.publishes = std::ranges::any_of(
      workflow.steps, [](const StepDefinition& step) { return step.kind == StepKind::kPublish; });
}

ProjectSteps::~ProjectSteps() = default;

bool ProjectSteps::may_run_beside(const StepDefinition& step) const {
  return !is_phase(step.kind);
}

void ProjectSteps::stop(const StepDefinition& step) {
  const std::lock_guard lock(mutex_);
  if (in_phase_ && phase_ == step.name) request_interrupt();
}

Result<StepResult> ProjectSteps::run(const StepDefinition& step, StepContext& context) {
  return is_phase(step.kind) ? run_phase(step, context) : run_process(step, context);
}

Result<> ProjectSteps::open(const std::function<bool()>& wait) {
  const auto say = [this](const std::string& line) {
    const std::lock_guard lock(mutex_);
    if (context_ != nullptr) context_->say("info", line);
    if (say_) say_(line);
  };
  const auto tell = [this](Step part) {
    const std::lock_guard lock(mutex_);
    if (context_ == nullptr) return;
    part.parent = phase_;
    context_->part(std::move(part));
  };
  RH_ASSIGN(pipeline_, Pipeline::open(options_, clock_, say, tell, wait));
  return {};
}

Result<> ProjectSteps::take_hold() {
  return open(nullptr);
}

Result<uint64_t> ProjectSteps::do_phase(const StepDefinition& step, StepContext& context) {
  if (is_broken_) pipeline_.reset();  // a phase that stopped in its middle cannot be gone on with
  is_broken_ = false;
  if (!pipeline_) RH_TRY(open([&] { return !context.stopping(); }));
  pipeline_->name_run(context.run().id);
  switch (step.kind) {
    case StepKind::kCrawl:
      return pipeline_->crawl();
    case StepKind::kBuild:
      return pipeline_->build();
    case StepKind::kCheck:
      return pipeline_->check();
    default:
      return pipeline_->publish();
  }
}

Result<StepResult> ProjectSteps::run_phase(const StepDefinition& step, StepContext& context) {
  {
    const std::lock_guard lock(mutex_);
    context_ = &context;
    phase_ = step.name;
    in_phase_ = true;
    if (context.stopping()) request_interrupt();
  }
  auto rows = do_phase(step, context);
  {
    const std::lock_guard lock(mutex_);
    context_ = nullptr;
    in_phase_ = false;
    clear_interrupt();
  }
  error_.reset();
  if (!rows) {
    is_broken_ = true;
    error_ = rows.error();
    return fail(std::move(rows).error());
  }
  const auto& result = pipeline_->result();
  StepResult done{.rows = *rows};
  const auto write = [&](const char* name, auto value) {
    if (workflow_.properties.contains(name)) done.written[name] = std::to_string(value);
  };
  if (step.kind == StepKind::kCrawl) write("changes", result.changes.size());
  if (step.kind == StepKind::kBuild) write("built", result.built);
  if (step.kind == StepKind::kPublish && result.version > 0) {
    done.version = result.version;
    write("version", result.version);
  }
  if (result.unchanged) done.note = "nothing has changed";
  return done;
}

/// The run's properties, and what every run knows of itself.
Properties ProjectSteps::known_properties(const StepContext& context) const {
  const Run& run = context.run();
  Properties properties = context.properties();
  properties["run"] = run.id;
  properties.try_emplace("trigger.kind", name_of(run.cause.kind));
  properties.try_emplace("trigger.due", run.cause.due.empty() ? run.started : run.cause.due);
  for (const char* name : {"trigger.count", "trigger.keys", "trigger.workflow", "trigger.run"})
    properties.try_emplace(name, "");
  return properties;
}

/// Refuses properties that the workflow does not declare.
Result<> ProjectSteps::check_written(const Properties& written) const {
  std::vector<std::string> names;
  for (const auto& [name, value] : workflow_.properties) names.push_back(name);
  for (const auto& [name, value] : written)
    if (!workflow_.properties.contains(name))
      return fail(ErrorKind::kProject,
                  fmt::format("the step wrote the property '{}', which the workflow does not declare",
                              name.substr(0, 60)),
                  did_you_mean(name, names, "Declare it under `properties`."), workflow_.where);
  return {};
}

/// The arguments of the process that does a step.
Result<std::vector<std::string>> ProjectSteps::arguments_of(const StepDefinition& step,
                                                            const Properties& properties) const {
  if (step.kind == StepKind::kCommand) return std::vector<std::string>{"/bin/sh", "-c", step.command};
  std::vector<std::string> arguments = program_.arguments;
  arguments.push_back(step.kind == StepKind::kFetch ? "fetch" : "export");
  if (step.kind == StepKind::kExport) {
    RH_ASSIGN(std::string folder, with_properties(step.to, properties));
    RH_TRY(check_export_target(folder, names_));
    if (fs::path(folder).is_relative()) folder = (options_.project / folder).string();
    arguments.insert(arguments.end(), {"--to", folder, "--as", step.as});
  }
  if (!step.what.empty()) arguments.push_back("--");
  arguments.insert(arguments.end(), step.what.begin(), step.what.end());
  return arguments;
}

Result<StepResult> ProjectSteps::run_process(const StepDefinition& step, StepContext& context) {
  const Properties properties = known_properties(context);
  CommandOptions command;
  RH_ASSIGN(command.arguments, arguments_of(step, properties));
  command.folder = options_.project;
  command.patience = kPatience;
  const fs::path folder = options_.steps / context.run().id;
  const fs::path file = fs::absolute(folder) / (step.name + ".properties");
  RH_TRY(make_folders(folder));
  std::error_code code;
  fs::remove(file, code);
  command.environment = program_.environment;
  for (const auto& [name, value] : properties) command.environment[variable_of(name)] = value;
  command.environment["REELHOUSE_RUN"] = context.run().id;
  command.environment["REELHOUSE_STEP"] = step.name;
  command.environment["REELHOUSE_ATTEMPT"] = std::to_string(context.attempt());
  command.environment["REELHOUSE_PROPERTIES"] = file.string();

  std::string last_line;
  const auto ended = run_command(
      command,
      [&](const std::string& line) {
        context.say("output", line);
        if (!line.empty()) last_line = line;
      },
      [&] { return context.stopping(); });
  auto written = read_properties(file);
  fs::remove(file, code);
  if (const bool killed = !ended || ended->exit_code > kSignalled; killed && !context.stopping()) {
    // What ends this process ends its commands in the same moment; they may die before we hear of it.
    for (int i = 0; i < kGraceLooks && !signalled(); ++i) std::this_thread::sleep_for(kGraceLook);
    if (signalled())
      return fail(ErrorKind::kInterrupted, fmt::format("the step '{}' was stopped", step.name));
  }
  RH_ASSIGN(const CommandEnd end, ended);
  if (end.stopped) return fail(ErrorKind::kInterrupted, fmt::format("the step '{}' was stopped", step.name));
  if (end.exit_code != 0)
    return fail(end.exit_code == 3 && step.kind != StepKind::kCommand ? ErrorKind::kCheckFailed
                                                                      : ErrorKind::kUnavailable,
                fmt::format("the command ended with exit code {}{}", end.exit_code,
                            last_line.empty() ? "" : ": " + last_line.substr(0, 300)),
                "", step.where);
  RH_ASSIGN(Properties set, std::move(written));
  RH_TRY(check_written(set));
  return StepResult{.written = std::move(set)};
}

Json ProjectSteps::finish(const Run& run) {
  std::error_code code;
  fs::remove_all(options_.steps / run.id, code);
  Json receipt;
  if (pipeline_) receipt = pipeline_->write_receipt(run, error_ ? error_->to_string() : run.message);
  pipeline_.reset();
  return receipt;
}

}  // namespace reelhouse::workflow

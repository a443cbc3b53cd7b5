#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "workflow/run/command_process.hpp"
#include "workflow/run/executor.hpp"
#include "workflow/run/pipeline.hpp"

namespace reelhouse::workflow {

/// Does the steps of one run of a project: crawl, build, check and publish in this process, one at a time, on
/// one Pipeline; fetch and export as processes of this program, and commands by /bin/sh, side by side.
///
/// A command finds the run's properties in its environment by their names, and besides them REELHOUSE_RUN,
/// REELHOUSE_STEP, REELHOUSE_ATTEMPT and REELHOUSE_PROPERTIES: a file into which it may write lines
/// `name=value`. It runs in the project's folder.
class ProjectSteps final : public StepRunner {
 public:
  /// `say`, which may be empty, is told what the phases say, besides the run's log. All must outlive this.
  ProjectSteps(PipelineOptions options, const Workflow& workflow, ProjectNames names, Program program,
               const Clock& clock, Say say);
  ~ProjectSteps() override;

  /// Takes hold of the project before the first phase asks for it, and waits for nobody. Errors: as
  /// Pipeline::open; kBusy when another run holds it.
  Result<> take_hold();
  Result<StepResult> run(const StepDefinition& step, StepContext& context) override;
  void stop(const StepDefinition& step) override;
  bool may_run_beside(const StepDefinition& step) const override;

  /// Why the newest phase failed, with its hint; nothing when it did not.
  const std::optional<Error>& error() const { return error_; }
  /// Writes the receipt of the run as it ended, if a phase of the pipeline ran, and returns it; else null.
  Json finish(const Run& run);

 private:
  Result<StepResult> run_phase(const StepDefinition& step, StepContext& context);
  Result<StepResult> run_process(const StepDefinition& step, StepContext& context);
  Result<> open(const std::function<bool()>& wait);
  Result<uint64_t> do_phase(const StepDefinition& step, StepContext& context);
  Result<std::vector<std::string>> arguments_of(const StepDefinition& step,
                                                const Properties& properties) const;

  Properties known_properties(const StepContext& context) const;
  Result<> check_written(const Properties& written) const;

  PipelineOptions options_;
  const Workflow& workflow_;
  const ProjectNames names_;
  const Program program_;
  const Clock& clock_;
  const Say say_;
  std::unique_ptr<Pipeline> pipeline_;
  std::optional<Error> error_;
  bool is_broken_ = false;  ///< a phase of it has failed
  std::mutex mutex_;        ///< guards the three below
  StepContext* context_ = nullptr;
  std::string phase_;  ///< name of the step whose phase runs
  bool in_phase_ = false;
};

/// Removes what steps of runs left in PipelineOptions::steps that no longer run.
void remove_step_leftovers(const std::filesystem::path& steps, const RunHistory& history);

}  // namespace reelhouse::workflow

#pragma once

#include <string>
#include <vector>

#include "app/command.hpp"
#include "workflow/define/definition.hpp"
#include "workflow/run/pipeline.hpp"

namespace reelhouse::app {

/// What workflows may name of the project.
workflow::ProjectNames project_names(const Settings& settings);

/// Reads the project's workflows, and the default one where no file defines it. Adds every problem, and
/// leaves what has one out.
std::vector<workflow::Workflow> read_workflows(const Settings& settings, std::vector<Error>& problems);

/// Finds a workflow by name. Errors: kProject (its file is wrong), kUsage with the near miss.
Result<workflow::Workflow> find_workflow(const Settings& settings, const std::string& name);

workflow::PipelineOptions pipeline_options(const Settings& settings);

/// This program with the flags that bring a child to the same project and places.
std::vector<std::string> program_with_flags(const GlobalFlags& flags, const Settings& settings);

/// Runs a run of a workflow that has begun to its end, printing its log to standard error; returns the exit
/// code. `before`: the run that it resumes, or null.
Result<int> run_to_end(const GlobalFlags& flags, const Settings& settings, const workflow::Workflow& workflow,
                       const workflow::Run& run, const workflow::Run* before);

/// Parses NAME=VALUE. Errors: kUsage.
Result<workflow::Properties> parse_properties(const std::vector<std::string>& texts);

}  // namespace reelhouse::app

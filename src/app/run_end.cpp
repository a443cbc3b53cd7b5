#include "app/run_end.hpp"

#include <iostream>

namespace reelhouse::app {
namespace {

using workflow::RunState;

int exit_code(RunState state) {
  switch (state) {
    case RunState::kSucceeded:
      return kDone;
    case RunState::kCheckFailed:
      return kCheckFailed;
    case RunState::kCancelled:
      return kInterrupted;
    default:
      return kFailed;
  }
}

}  // namespace

project::Telling telling_phases(const GlobalFlags& flags) {
  if (flags.quiet) return {};
  return {.phase = [](const std::string& line) { std::cerr << line + "\n"; }, .log = nullptr};
}

project::Telling telling_log(const GlobalFlags& flags) {
  if (flags.quiet) return {};
  return {.phase = nullptr,
          .log = [](const std::string& step, const std::string& level, const std::string& message) {
            std::cerr << fmt::format("{:<10} {}{}\n", step, level == "error" ? "error: " : "", message);
          }};
}

int tell_end(const GlobalFlags& flags, const project::RunEnd& end) {
  const workflow::Run& run = end.run;
  if (!flags.quiet)
    std::cerr << fmt::format("run {} {}{}{}\n", run.id, name_of(run.state),
                             run.version > 0 ? fmt::format(", published version {}", run.version) : "",
                             run.message.empty() ? "" : ": " + run.message);
  return exit_code(run.state);
}

Result<int> print_receipt(const GlobalFlags& flags, const project::Settings& settings,
                          const project::RunEnd& end) {
  const RunState state = end.run.state;
  if (state == RunState::kCancelled) {
    std::cerr << "interrupted\n";
    return kInterrupted;
  }
  if (state != RunState::kSucceeded && state != RunState::kCheckFailed) {
    if (end.error) return fail(*end.error);
    return fail(ErrorKind::kUnavailable, end.run.message);
  }
  if (state == RunState::kCheckFailed && end.error && !flags.quiet)
    std::cerr << "error: " + end.error->to_string() + "\n";
  if (flags.output() == OutputFormat::kJson) std::cout << end.receipt.dump(2) << "\n";
  if (!flags.quiet) std::cerr << "receipt  " + settings.receipt(end.run.id).string() + "\n";
  return exit_code(state);
}

}  // namespace reelhouse::app

#pragma once

#include "workflow/run/pipeline.hpp"

namespace reelhouse::workflow {

/// Measures one phase of a run: seconds, and the process's peak memory in it.
class PhaseTimer {
 public:
  PhaseTimer(Json& phases, std::string name);
  ~PhaseTimer();
  PhaseTimer(const PhaseTimer&) = delete;
  PhaseTimer& operator=(const PhaseTimer&) = delete;
  double seconds() const;

 private:
  Json& phases_;
  std::string name_;
  std::chrono::steady_clock::time_point start_;
};

/// Render parts of a receipt.
Json to_json(const model::CheckResult& check);
Json to_json(const model::ObjectAccount& object);
Json to_json(const catalog::Change& change);
Json to_json(const model::ModelOutcome& outcome);

}  // namespace reelhouse::workflow

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

/// What a receipt tells besides how the run ended.
struct ReceiptParts {
  const std::string& lake;
  const Json& phases;  ///< as PhaseTimer wrote them
  const PipelineResult& result;
  const std::vector<catalog::CatalogObject>& unreadable;
  const std::vector<model::ModelOutcome>& models;
};

/// Renders the receipt of a run (docs/architecture.md says what is in it). `error` is empty when it ended
/// well; `now` is when it ended if the run itself does not say.
Json receipt_of(const Run& run, const std::string& error, Time now, const ReceiptParts& parts);

}  // namespace reelhouse::workflow

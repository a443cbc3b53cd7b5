#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/acceptances.hpp"
#include "workflow/run/pipeline.hpp"

namespace reelhouse::workflow {

/// Finds the tables that a run was told to let in. Errors: kUsage, with the near miss, for one that is not in
/// the lake.
Result<std::vector<std::string>> tables_to_let_in(const std::vector<std::string>& asked,
                                                  const std::vector<catalog::CatalogTable>& tables);

/// Marks losses that were let in before, and lets in those of `tables` now, in the name of `run`.
/// Errors: as model::Acceptances.
Result<> let_in(std::vector<model::Loss>& losses, const std::vector<std::string>& tables,
                const model::Acceptances& acceptances, const std::string& run, Time now, const Say& say);

/// The drops whose loss of records was let in.
model::AcceptedDrops accepted_drops(const std::vector<model::Loss>& losses);

/// Why a run ends where a delivery lost too much, and what to do; nothing when none did.
std::optional<Error> stop_of(const std::vector<model::Loss>& losses, size_t other_failures);

/// What a run ends with: records read, kept, rejected and repaired, then each object that lost any.
std::vector<std::string> account_lines(const PipelineResult& result);

}  // namespace reelhouse::workflow

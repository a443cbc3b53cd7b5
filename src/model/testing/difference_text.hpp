#pragma once

#include <string>
#include <vector>

#include "model/testing/comparison.hpp"
#include "model/testing/model_test.hpp"

namespace reelhouse::model {

/// Renders a difference for a person: what was compared ("expect"), the line of the expected row, and each
/// cell that differs with both its values; or the whole row that is missing or was not expected. Lines
/// behind the first are indented.
std::string difference_text(const Difference& difference, const std::vector<ComparedColumn>& columns,
                            const std::vector<TextRow>& expected, const std::vector<TextRow>& got,
                            const std::string& title, const TestRows& rows);

}  // namespace reelhouse::model

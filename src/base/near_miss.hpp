#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reelhouse {

/// Finds the candidate that a misspelt name most likely meant (edit distance, case folded; at most a
/// third of the name may differ); nothing when none is near.
std::optional<std::string> near_miss(std::string_view name, const std::vector<std::string>& candidates);

/// Renders the hint "Did you mean X?", or `otherwise` when nothing is near.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates,
                         std::string otherwise = {});

}  // namespace reelhouse

#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "model/plan_origins.hpp"

namespace reelhouse::model {

/// A set of numbered origins with the ways in which each bears on something, sorted by number.
class OriginSet {
 public:
  OriginSet() = default;
  OriginSet(uint32_t origin, uint16_t how) : items_{{origin, how}} {}

  void add(const OriginSet& other) { add_as(other, kValue); }

  /// Adds what another set holds; what was a value there, or chose one, bears on this in the way `how`.
  void add_as(const OriginSet& other, uint16_t how) {
    if (other.items_.empty()) return;
    std::vector<Item> merged;
    merged.reserve(items_.size() + other.items_.size());
    auto mine = items_.begin();
    for (const auto& [origin, ways] : other.items_) {
      const uint16_t made = how == kValue ? 0 : ways & (kValue | kCase);
      const auto as = static_cast<uint16_t>(made != 0 ? (ways & ~made) | how : ways);
      while (mine != items_.end() && mine->first < origin) merged.push_back(*mine++);
      if (mine != items_.end() && mine->first == origin)
        merged.emplace_back(origin, static_cast<uint16_t>((mine++)->second | as));
      else
        merged.emplace_back(origin, as);
    }
    merged.insert(merged.end(), mine, items_.end());
    items_ = std::move(merged);
  }

  bool operator==(const OriginSet&) const = default;

  using Item = std::pair<uint32_t, uint16_t>;
  const std::vector<Item>& items() const { return items_; }

 private:
  std::vector<Item> items_;
};

}  // namespace reelhouse::model

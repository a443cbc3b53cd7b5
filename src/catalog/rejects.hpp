#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/encoding.hpp"
#include "catalog/profile.hpp"

namespace reelhouse::catalog {

/// Keeps the first rejects that one worker comes across and counts all of them.
struct RejectLog {
  static constexpr size_t kKept = 10'000;
  static constexpr size_t kShownBytes = 2'000;

  uint64_t count = 0;
  uint64_t broken_quotes = 0;  ///< of them, by a quote that is not closed or followed by text
  bool keep = true;            ///< false in scans: the crawl kept them
  std::vector<StructuralReject> kept;

  void add(uint64_t line, std::string column, std::string reason, std::string_view text) {
    ++count;
    if (!keep || kept.size() >= kKept) return;
    kept.push_back({line, std::move(column), std::move(reason), shown(text, kShownBytes)});
  }
};

}  // namespace reelhouse::catalog

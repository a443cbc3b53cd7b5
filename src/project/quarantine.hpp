#pragma once

#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "project/project.hpp"

namespace reelhouse::project {

struct QuarantineChoice {
  std::string table;     ///< a model or raw table; empty = all
  std::string run;       ///< as of this run; empty = the newest that built something
  bool repairs = false;  ///< rows that were mended, instead
  bool lost = false;     ///< values of kept rows that could not be read, instead
  int limit = 0;         ///< 0 = all
};
/// A row a rejected (or mended) row; `notes` says what is not among them. Errors: kUsage (no such table).
Result<engine::Rows> list_quarantine(Project& project, const QuarantineChoice& chosen,
                                     std::vector<std::string>& notes);

}  // namespace reelhouse::project

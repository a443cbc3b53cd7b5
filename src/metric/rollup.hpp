#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "engine/engine.hpp"
#include "metric/definition.hpp"

namespace reelhouse::metric {

/// Smaller cubes of one view, each added up from its cube over the dimensions that some query spoke of: the
/// next query of these reads hundreds or thousands of rows instead of a hundred thousand. They are made when
/// first asked for, as long as they are few and much smaller than the cube. Thread-safe.
class Rollups {
 public:
  explicit Rollups(const View& view) : view_(view) {}

  /// Returns the table to ask about these dimensions (and the view's dates): a smaller cube, which is made
  /// first where that is worth it, or the cube.
  std::string table_for(engine::Session& session, const std::set<std::string>& dimensions);

 private:
  struct Place {
    bool made = false;  ///< else the cube is asked: it is being made, or would be no smaller
    std::string table;
  };

  Result<bool> make(engine::Session& session, const std::string& table,
                    const std::set<std::string>& dimensions);
  bool begin(const std::set<std::string>& dimensions, Place& place);

  const View& view_;
  std::mutex mutex_;
  std::map<std::set<std::string>, Place> places_;
  int number_ = 0;  ///< of the last table, so that no name comes twice
  int64_t cube_rows_ = -1;
  int64_t rows_ = 0;  ///< of all that were made
};

}  // namespace reelhouse::metric

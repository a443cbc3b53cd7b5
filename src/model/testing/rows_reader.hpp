#pragma once

#include <map>

#include "base/yaml.hpp"
#include "model/testing/model_test.hpp"

namespace reelhouse::model {

/// How rows of one kind are written.
struct RowsForm {
  std::map<std::string, std::string> defaults;  ///< values (SQL) of columns that a row does not name
  bool blank_is_null = false;                   ///< as the lake's reader and seeds have it: '' is null
};

/// Reads rows from a list of maps, or from text that is CSV with a header. A value that a row does not name
/// is its column's default, else null. Errors: kProject with file and line.
Result<TestRows> read_test_rows(const Yaml& yaml, const RowsForm& form);

/// Reads a map of columns and values into SQL. Errors: kProject with file and line.
Result<std::map<std::string, std::string>> read_test_values(const Yaml& yaml, bool blank_is_null);

}  // namespace reelhouse::model

#pragma once

#include <vector>

#include "catalog/catalog.hpp"
#include "model/binding.hpp"
#include "model/testing/model_test.hpp"

namespace reelhouse::model {

/// Lists the raw tables that tests give and sources/ does not declare, with the columns that they give: a
/// project binds against them where there is no catalog that knows them.
std::vector<catalog::CatalogTable> undeclared_tables(const Project& project,
                                                     const std::vector<ModelTest>& tests);

/// Holds tests against the project as it was bound: tables and columns that do not exist, values that are
/// none of their column's type, verdicts that no rule gives. Adds every mistake (kProject: file, line, near
/// miss) to `problems`; tests of a model that could not be bound are passed over.
/// Errors: kInternal, kInterrupted; nothing about the tests themselves.
Result<> check_tests(const Binding& binding, const std::vector<ModelTest>& tests,
                     std::vector<Error>& problems);

}  // namespace reelhouse::model

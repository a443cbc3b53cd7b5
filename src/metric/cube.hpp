#pragma once

#include <set>
#include <string>

#include "engine/engine.hpp"
#include "metric/definition.hpp"

namespace reelhouse::metric {

/// The table of a view's cube in the database in memory: a row a combination of members and a period, with
/// the sums of the measures that can be added up.
std::string cube_name(const View& view);

/// The type of a dimension of texts in the cube: an enumeration of its members.
std::string member_type(const View& view, const Dimension& dimension);

/// Writes the statement that adds a view's cube up into `table`. Members that come from a table among
/// `small` are looked up after the fact's rows were added up by its key, which is several times faster.
std::string cube_statement(const View& view, const std::set<std::string>& small, const std::string& table);

/// Makes a view's cube. Texts become enumerations and decimals doubles, which is twice as fast to ask.
/// Errors: kQuery, kInterrupted, kFull.
Result<> make_cube(engine::Session& session, const View& view, const std::set<std::string>& small);

}  // namespace reelhouse::metric

#pragma once

#include <string>

#include "catalog/catalog.hpp"
#include "engine/engine.hpp"

namespace reelhouse::model {

/// Makes `drops.<name>` anew, empty; a row is a drop of the raw table:
///   _drop    DATE    the drop
///   records  BIGINT  records that its objects hold, delivered to models or not
///   rejected BIGINT  those of them that have not the structure of their object: no model sees them
/// The schema is there already. Errors: kQuery.
Result<> define_drops(engine::Session& session, const std::string& name);
/// The same with the drops of a table of the catalog.
Result<> define_drops(engine::Session& session, const catalog::CatalogTable& table);

}  // namespace reelhouse::model

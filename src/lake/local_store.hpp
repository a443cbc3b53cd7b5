#pragma once

#include <filesystem>
#include <memory>

#include "lake/object_store.hpp"

namespace reelhouse::lake {

/// Makes a store of a folder's files; keys are paths relative to it.
std::unique_ptr<ObjectStore> make_local_store(std::filesystem::path root);

}  // namespace reelhouse::lake

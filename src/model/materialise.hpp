#pragma once

#include "engine/engine.hpp"
#include "model/curated.hpp"
#include "model/project.hpp"

namespace reelhouse::model {

/// Runs a model's SELECT and writes its rows, rejected rows and repairs into `folder` as Parquet;
/// returns the record of the build (seconds and fingerprint are the caller's). `raw` names the raw table whose
/// records the model stages; empty when it stages none, and no row is told from a double then.
/// Errors: kProject (the SQL or a rule is wrong: file and line), kFull, kInterrupted, and those of the
/// row sources that it reads.
Result<BuildRecord> materialise(const Model& model, const std::filesystem::path& folder,
                                engine::Session& session, const std::string& raw = "");

/// The SELECT that reads a finished build ("select * from read_parquet(...)").
std::string read_build(const std::filesystem::path& folder);

/// The SELECT that reads, with the model's stored columns, the rows that a build's rules rejected: as far as
/// they could be read.
std::string read_rejected(const std::filesystem::path& folder, const BuildRecord& record);

/// The SELECT that reads a seed's file; every column is text, and an empty value null.
std::string read_seed(const Seed& seed);

}  // namespace reelhouse::model

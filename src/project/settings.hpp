#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "warehouse/versions.hpp"

namespace reelhouse::project {

/// Which project, and which of its places, as flags and variables say; empty = not said.
struct Choice {
  std::string project = {};
  std::string lake = {};
  std::string store = {};
  std::string warehouse = {};
  std::string engine = {};
};

/// The settings of a project (flag before variable before reelhouse.yaml before the default), and where its
/// files lie. Each of their names is spelled here; rooms below are given paths.
struct Settings {
  std::filesystem::path project;  ///< folder of reelhouse.yaml
  std::string name;               ///< of the project, for people
  std::string lake;
  std::filesystem::path store;  ///< a folder; what this machine has of the store when that is a bucket
  std::string store_bucket;     ///< "s3://bucket/prefix"; empty when the store is a folder
  std::string warehouse;        ///< a folder, or a server's URI, which may hold a password: never print it
  std::string warehouse_schema;
  std::string warehouse_reader;
  double warehouse_patience = 5;  ///< seconds
  int keep_versions = 5;
  std::vector<std::string> exclude;  ///< globs for the crawl
  std::filesystem::path state;       ///< .reelhouse/ beside reelhouse.yaml

  // What people write.
  std::filesystem::path sources() const { return project / "sources"; }
  std::filesystem::path seeds() const { return project / "seeds"; }
  std::filesystem::path models() const { return project / "models"; }
  std::filesystem::path metrics() const { return project / "metrics"; }
  std::filesystem::path dashboards() const { return project / "dashboards"; }
  std::filesystem::path workflows() const { return project / "workflows"; }
  std::filesystem::path generator() const { return project / "generator"; }
  std::filesystem::path alerts() const { return project / "alerts.yml"; }

  // What this machine remembers.
  std::filesystem::path catalog_db() const { return state / "catalog.db"; }
  std::filesystem::path runs_db() const { return state / "runs.db"; }
  std::filesystem::path alerts_db() const { return state / "alerts.db"; }
  std::filesystem::path logs() const { return state / "logs"; }      ///< <run>.jsonl
  std::filesystem::path steps() const { return state / "steps"; }    ///< what running steps write
  std::filesystem::path spill() const { return state / "tmp"; }      ///< of the engine
  std::filesystem::path fetches() const { return state / "fetch"; }  ///< downloads on their way
  std::filesystem::path run_lock() const { return state / "lock"; }  ///< of a run or a crawl
  std::filesystem::path scheduler_lock() const { return state / "scheduler.lock"; }
  std::filesystem::path last_publish() const { return state / "published.json"; }
  std::filesystem::path passed_checks() const { return state / "passed_checks.json"; }
  std::filesystem::path objects() const { return state / "cache" / "objects"; }  ///< copies of a bucket's
  std::filesystem::path versions() const { return state / "cache" / "warehouse"; }

  // What a run leaves in the store.
  std::filesystem::path receipts() const { return store / "receipts"; }
  std::filesystem::path receipt(const std::string& run) const { return receipts() / (run + ".json"); }

  /// The folders that hold the project itself, which nothing may be exported into.
  std::vector<std::filesystem::path> own_folders() const;
  warehouse::WarehouseOptions published() const;
};

/// Finds the project and reads its settings. Errors: kUsage (no project here), kProject.
Result<Settings> load_settings(const Choice& choice);

}  // namespace reelhouse::project

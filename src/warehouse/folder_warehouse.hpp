#pragma once

#include "warehouse/versions.hpp"

namespace reelhouse::warehouse {

/// A folder of DuckDB files, one a version. A publish writes a file under a new name, columns and tables
/// commented, checkpointed, closed, no .wal left, opened read-only and counted, synced; then CURRENT is
/// renamed.
class FolderWarehouse final : public Warehouse {
 public:
  explicit FolderWarehouse(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::string name() const override { return folder_.string(); }
  Result<Version> publish(const std::vector<PublishedTable>& tables, const std::string& run, int keep,
                          const Clock& clock) override;
  Result<std::vector<std::string>> tend(int /*keep*/) override { return std::vector<std::string>(); }
  Result<> check_writable() const override;
  Result<Version> roll_back(int number) override;
  Result<std::vector<Version>> versions() const override;
  Result<Version> current() const override;
  Result<std::optional<int>> current_number() const override;
  Result<std::unique_ptr<engine::Database>> open_current() const override;
  Result<std::unique_ptr<engine::Database>> attach_current(Version& opened) const override;
  std::vector<Finding> inspect(int keep) const override;

 private:
  std::filesystem::path folder_;
};

}  // namespace reelhouse::warehouse

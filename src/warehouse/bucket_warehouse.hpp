#pragma once

#include "lake/object_store.hpp"
#include "warehouse/folder.hpp"
#include "warehouse/versions.hpp"

namespace reelhouse::warehouse {

/// DuckDB files in a bucket, one a version, under the names that a folder has. A version is written here,
/// verified, stored under names that nobody used before, and made current by a conditional write: of two
/// machines that publish at once one wins, and the other leaves nothing. Who reads brings the current
/// version here once.
class BucketWarehouse final : public Warehouse {
 public:
  /// `local` is a folder for this bucket's versions on this machine.
  BucketWarehouse(std::unique_ptr<lake::ObjectStore> bucket, std::filesystem::path local)
      : bucket_(std::move(bucket)), local_(std::move(local)) {}

  std::string name() const override { return bucket_->name(); }
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
  /// What CURRENT says, and the ETag under which it may be replaced; nothing when there is none.
  struct Current {
    int number = 0;  ///< 0: it names no version, and has to be replaced
    std::string etag;
    Error damage = {};  ///< why it names none
  };
  Result<std::optional<Current>> read_current() const;
  Result<Current> need_current() const;
  template <typename Use>
  auto with_current(Use use) const -> decltype(use(0));
  std::string way_back(int broken) const;
  void remove_leftovers() const;
  Result<> switch_to(int number, const std::optional<Current>& before);
  Result<std::vector<int>> numbers(const std::string& ending) const;
  Result<std::vector<int>> whole() const;
  Result<Version> read_manifest(int number) const;
  Result<> write_draft(const Folder& draft, Version& version,
                       const std::vector<PublishedTable>& tables) const;
  Result<> store_draft(const Folder& draft, const Version& version, const std::optional<Current>& before);
  Result<Version> bring(int number) const;
  Result<> remove(int number);
  Result<> retire(int keep, int current);

  std::unique_ptr<lake::ObjectStore> bucket_;
  Folder local_;
};

}  // namespace reelhouse::warehouse

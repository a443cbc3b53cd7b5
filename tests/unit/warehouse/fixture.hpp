#pragma once

#include <gmock/gmock.h>

#include <filesystem>
#include <string>
#include <vector>

#include "warehouse/folder_warehouse.hpp"

namespace reelhouse::warehouse {

/// Gives a test an empty folder, tables to publish, and a warehouse in it.
class WarehouseTest : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// Writes `select` to a Parquet file and describes it as a table of `rows` rows.
  PublishedTable table(const std::string& name, const std::string& select, uint64_t rows);
  /// Two small tables: plan (3 rows) and sale (`sales` rows, each with amount `mark`).
  std::vector<PublishedTable> tables(int mark = 1, uint64_t sales = 1000);
  Result<Version> publish(int mark = 1, int keep = 5);

  /// Names of all files in the warehouse's folder but the lock, sorted.
  std::vector<std::string> files() const;
  /// The amount of all sales in the current version; -1 when they differ, -2 on an error.
  int mark() const;

  std::filesystem::path folder_;
  std::filesystem::path warehouse_folder_;
  std::unique_ptr<Warehouse> warehouse_;
  SystemClock clock_;
};

/// Describes the two tables of WarehouseTest::tables from files that exist already.
std::vector<PublishedTable> tables_in(const std::filesystem::path& folder, int mark, uint64_t sales);
/// Reads the one amount of all sales through `warehouse`; -1 when they differ, -2 on an error.
int read_mark(const Warehouse& warehouse);

}  // namespace reelhouse::warehouse

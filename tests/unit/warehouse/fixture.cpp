#include "warehouse/fixture.hpp"

#include <unistd.h>

#include <algorithm>

#include "engine/engine.hpp"
#include "matchers.hpp"

namespace reelhouse::warehouse {

namespace fs = std::filesystem;

namespace {

void make_parquet(const fs::path& file, const std::string& select) {
  const auto database = engine::open_duckdb({}).value();
  const auto session = database->connect().value();
  const auto done = session->execute(
      fmt::format("copy ({}) to {} (format parquet)", select, engine::quote_text(file.string())));
  ASSERT_THAT(done, IsOk());
}

fs::path sale_file(const fs::path& folder, int mark) {
  return folder / fmt::format("sale{}.parquet", mark);
}

}  // namespace

void WarehouseTest::SetUp() {
  std::string name = testing::TempDir() + "warehouse.XXXXXX";
  folder_ = ::mkdtemp(name.data());
  warehouse_folder_ = folder_ / "warehouse";
  warehouse_ = std::make_unique<FolderWarehouse>(warehouse_folder_);
}

void WarehouseTest::TearDown() {
  fs::remove_all(folder_);
}

PublishedTable WarehouseTest::table(const std::string& name, const std::string& select, uint64_t rows) {
  const fs::path file = folder_ / (name + ".parquet");
  make_parquet(file, select);
  return {name, "f-" + name, {file}, "", {}, rows, ""};
}

std::vector<PublishedTable> tables_in(const fs::path& folder, int mark, uint64_t sales) {
  return {{"sale",
           fmt::format("f{}", mark),
           {sale_file(folder, mark)},
           "What was sold; it's \"all\"",
           {{"amount", "In euro; it's net"}, {"id", ""}},
           sales,
           ""},
          {"plan", "p", {folder / "plan.parquet"}, "", {}, 3, "Asked of the fixture."}};
}

std::vector<PublishedTable> WarehouseTest::tables(int mark, uint64_t sales) {
  if (!fs::exists(folder_ / "plan.parquet"))
    make_parquet(folder_ / "plan.parquet", "select i as plan_key from range(3) as t(i)");
  if (!fs::exists(sale_file(folder_, mark)))
    make_parquet(sale_file(folder_, mark),
                 fmt::format("select i as id, {} as amount from range({}) as t(i)", mark, sales));
  return tables_in(folder_, mark, sales);
}

Result<Version> WarehouseTest::publish(int mark, int keep) {
  return warehouse_->publish(tables(mark), fmt::format("run-{}", mark), keep, clock_);
}

std::vector<std::string> WarehouseTest::files() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(warehouse_folder_))
    if (entry.path().filename() != ".lock") names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

int read_mark(const Warehouse& warehouse) {
  const auto database = warehouse.open_current();
  if (!database) return -2;
  const auto session = (*database)->connect();
  if (!session) return -2;
  const auto rows = (*session)->query("select min(amount), max(amount), count(*) from sale");
  if (!rows || rows->integer(0, 2) == 0) return -2;
  return rows->integer(0, 0) == rows->integer(0, 1) ? static_cast<int>(rows->integer(0, 0)) : -1;
}

int WarehouseTest::mark() const {
  return read_mark(*warehouse_);
}

}  // namespace reelhouse::warehouse

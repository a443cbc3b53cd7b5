#pragma once

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "catalog/profile.hpp"
#include "engine/engine.hpp"

namespace reelhouse::catalog {

/// Reads a Parquet file whole and counts its values by the types that it declares; times, nested and
/// other values count as text. Errors: kDamaged, kInterrupted.
Result<ObjectProfile> profile_parquet(const std::filesystem::path& file, const std::string& file_name,
                                      Format format, int threads);

/// Delivers a Parquet file's rows in their order, as text, from a thread of its own that stays a few
/// pieces ahead.
class ParquetReader {
 public:
  /// `fields` are names in the file. Errors: kDamaged.
  static Result<std::unique_ptr<ParquetReader>> open(const std::filesystem::path& file,
                                                     const std::vector<std::string>& fields);
  ~ParquetReader();

  /// Rows of one cell a field; a null cell is empty text in `is_null` terms of engine::Cell.
  struct Piece {
    uint64_t first_row = 1;
    std::vector<std::vector<engine::Cell>> rows;
  };
  /// Fetches the next piece; false at the end. Thread-safe. Errors: kDamaged, kInterrupted.
  Result<bool> next(Piece& piece);

 private:
  ParquetReader(std::unique_ptr<engine::Database> database, std::unique_ptr<engine::Session> session,
                std::string sql, std::string file);
  void read_all();

  std::unique_ptr<engine::Database> database_;
  std::unique_ptr<engine::Session> session_;
  std::string sql_;
  std::string file_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Piece> pieces_;
  Result<> outcome_;
  bool ended_ = false;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace reelhouse::catalog

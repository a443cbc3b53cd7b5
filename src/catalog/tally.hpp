#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalog/block_reader.hpp"
#include "catalog/json_lines.hpp"
#include "catalog/records.hpp"

namespace reelhouse::catalog {

/// What one worker counts over the blocks that it gets; tallies of one object add up to the same
/// whatever worker got which block.
struct Tally {
  uint64_t delivered = 0;
  RejectLog rejects;
  uint64_t needed_quotes = 0;
  uint64_t closed_quotes = 0;
  Utf8Count utf8;
  struct Field {
    std::string name;         ///< of JSON lines, as are the next three
    uint64_t first_line = 0;  ///< where the name stands first, and as which member of that line
    uint64_t first_place = 0;
    uint64_t seen = 0;  ///< the worker's count of the last record that had it
    FieldProfile profile;
    uint64_t example_line = 0;
  };
  bool by_name = false;  ///< JSON lines: fields are found by name, else by position
  std::vector<Field> fields;
  std::vector<DoubledField> doubled;  ///< of delimited text

  /// Adds another worker's tally of the same object. Afterwards rejects are in the order of lines.
  void add(Tally&& other);
};

/// Counts the blocks of one object that its reader hands out, until there are no more.
/// Errors: as BlockReader::next.
Result<> tally_blocks(BlockReader& reader, const Format& format, Tally& tally);

}  // namespace reelhouse::catalog

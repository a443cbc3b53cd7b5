#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "catalog/sources.hpp"
#include "lake/object_store.hpp"

namespace reelhouse::catalog {

/// One object of the lake at its place: raw/<dataset>/[drop=YYYY-MM-DD/]<name>. A second delivery on one day
/// stands in drop=YYYY-MM-DD.2, a third in .3, and takes the place of those before. Folders that name a day
/// as Hive writes it (partition.hpp) are drops too, and so are the days that a table's `drop_pattern` finds in names.
struct PlacedObject {
  lake::ObjectInfo info;
  std::string dataset;
  std::string name;     ///< below the dataset and the drop folder ("sub/part-1.csv.gz")
  Date drop;            ///< undated objects: the day of the dataset's newest undated object
  int delivery = 0;     ///< number of the delivery on that day, from 1; 0: undated
  std::string problem;  ///< why its place cannot be understood; empty when it can
  std::string note;     ///< what people should know of its place; empty mostly

  bool is_dated() const { return delivery > 0; }
};

/// What a listing comes to.
struct Layout {
  std::vector<PlacedObject> objects;       ///< sorted by key
  std::vector<std::string> ignored;        ///< "key (reason)"; outside raw/ one entry a top folder
  std::map<std::string, size_t> left_out;  ///< how many of those a run tells of, by kind ("copies")
};

/// Sorts a listing out: which object belongs to which dataset and drop, which belong to none, and
/// which match one of the `exclude` globs (against the key below raw/, and against the file's
/// name); `sources` say which tables find their day in names. Folders that are still being put (lake/drops.hpp) are left out, with a note.
Layout place_objects(const std::vector<lake::ObjectInfo>& all, const std::vector<std::string>& exclude,
                     const std::vector<Source>& sources = {});

/// Adds what lies below raw/ and is no object: what is refused as an object with a problem, the rest as ignored.
void place_left_out(const std::vector<lake::LeftOut>& left_out, const std::vector<std::string>& exclude,
                    Layout& layout);

/// The ways to read an object's name: below the drop folder or the file's own, with or without a compression's suffix.
std::vector<std::string> spellings_of(const std::string& name);

/// Tells whether a declared `files` glob means this object: its name below the drop folder or its
/// file name, with or without a compression suffix, upper and lower case alike.
bool glob_claims(const std::string& glob, const std::string& name);

/// Cuts ".gz", ".gzip", ".zst" or ".zstd" off a name.
std::string without_compression_suffix(const std::string& name);

}  // namespace reelhouse::catalog

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lake/drops.hpp"
#include "lake/fetch/fetch.hpp"

namespace reelhouse::lake {

/// What is remembered of one file of a delivery.
struct FetchedFile {
  struct Object {
    std::string name;  ///< below the delivery's folder
    uint64_t bytes = 0;
  };
  std::string url;
  std::string shape;  ///< how it was to be stored; another shape is another file
  std::string etag;
  std::string last_modified;
  std::string sha256;  ///< of the file as it came, without transfer encoding
  std::vector<Object> objects;
};

/// One delivery of a dataset and what `_fetched.json` in its folder says of it.
struct Delivery {
  std::string folder;  ///< "raw/shop/drop=2026-11-22"
  std::vector<FetchedFile> files;

  const FetchedFile* find(const FetchFile& file) const;
};

/// Names the way in which a file is stored: its name, whether it is unpacked, and what is kept of it.
std::string shape_of(const FetchFile& file);

/// A dataset's folders in the lake.
struct Deliveries {
  std::vector<ObjectInfo> objects;      ///< of the dataset, whole deliveries only; sorted by key
  std::vector<DropName> drops;          ///< with objects or markers, oldest first
  std::vector<std::string> unfinished;  ///< folders that are still being put, or that nobody finished
};

/// Lists a dataset. A lake that is not there yet has nothing. Errors: as ObjectStore::list.
Result<Deliveries> list_deliveries(const ObjectStore& lake, const std::string& dataset);

/// Finds the newest delivery that was fetched and whose objects are all still there, of the size they had;
/// for a source whose files are replaced, what lies in the dataset's folder. Errors: as ObjectStore::head.
Result<std::optional<Delivery>> newest_delivery(const ObjectStore& lake, const FetchSource& source,
                                                const Deliveries& there);

/// Renders what `_fetched.json` holds.
std::string render(const Delivery& delivery, Time fetched);

/// "<folder>/_fetched.json".
std::string record_key(const std::string& folder);

}  // namespace reelhouse::lake

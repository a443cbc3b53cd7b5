#include "catalog/catalog.hpp"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <set>

#include "catalog/changes.hpp"
#include "catalog/crawler.hpp"
#include "catalog/grouping.hpp"
#include "catalog/layout.hpp"
#include "catalog/path_columns.hpp"
#include "catalog/store.hpp"
#include "lake/keys.hpp"

namespace reelhouse::catalog {
namespace {

/// Part of every object's `reading`: a new number makes all objects be read again, which is due
/// whenever profile_object tells something else than before about the same bytes.
constexpr int kReadingVersion = 3;
/// Listings that are made while others write to the lake all the time.
constexpr int kMostListings = 4;

/// Describes how an object is read; a profile serves only the way of reading that it was made by.
std::string reading_of(const FormatOverride& fixed) {
  std::string text = fmt::format("v{}", kReadingVersion);
  if (fixed.delimiter) text += fmt::format(" delimiter={}", static_cast<int>(*fixed.delimiter));
  if (fixed.quote) text += fmt::format(" quote={}", static_cast<int>(*fixed.quote));
  if (fixed.escape) text += fmt::format(" escape={}", static_cast<int>(*fixed.escape));
  if (fixed.has_header) text += fmt::format(" header={}", *fixed.has_header);
  if (fixed.encoding) text += fmt::format(" encoding={}", static_cast<int>(*fixed.encoding));
  return text;
}

/// Lists the lake: all of it, so that what lies beside raw/ is not passed over in silence; raw/
/// alone when the rest may not be listed.
Result<lake::Listing> list_lake(const lake::ObjectStore& lake) {
  auto listing = lake.survey("");
  if (listing || listing.error().kind == ErrorKind::kNotFound) return listing;
  return lake.survey(std::string(lake::kRaw));
}

/// Lists the lake until two listings in a row are the same, unless all is known already: a listing of many
/// pages that was begun before a delivery and ended after it has seen a part of it.
Result<lake::Listing> settled_listing(const lake::ObjectStore& lake, const LakeState& before) {
  RH_ASSIGN(auto listing, list_lake(lake));
  for (int again = 0; again < kMostListings; ++again) {
    const bool all_known = std::ranges::all_of(listing.objects, [&](const lake::ObjectInfo& info) {
      if (info.key.find('=') == std::string::npos) return true;  // it is in no drop folder
      const auto known = before.objects.find(info.key);
      return known != before.objects.end() && known->second.object.info.etag == info.etag;
    });
    if (all_known) break;
    RH_ASSIGN(auto next, list_lake(lake));
    const bool same = std::ranges::equal(listing.objects, next.objects, [](const auto& a, const auto& b) {
      return a.key == b.key && a.etag == b.etag;
    });
    listing = std::move(next);
    if (same) break;
  }
  return listing;
}

/// Makes the objects of a crawl, with what is known of those that did not change.
std::vector<CrawledObject> start_objects(Layout& layout, const std::vector<Source>& sources,
                                         const LakeState& before) {
  std::vector<CrawledObject> objects;
  for (auto& placed : layout.objects) {
    CrawledObject object;
    object.object.info = std::move(placed.info);
    object.object.dataset = std::move(placed.dataset);
    object.object.drop = placed.drop;
    object.object.problem = std::move(placed.problem);
    object.dated = placed.is_dated();
    object.note = std::move(placed.note);
    object.name = std::move(placed.name);
    object.claim = find_claim(sources, object.object.dataset, object.name);
    object.reading = reading_of(object.claim ? object.claim->format : FormatOverride());
    const auto known = before.objects.find(object.object.info.key);
    const bool same = known != before.objects.end() &&
                      known->second.object.info.etag == object.object.info.etag &&
                      known->second.reading == object.reading;
    if (same && (known->second.has_profile || known->second.lasting_problem)) {
      object.object.profile = known->second.object.profile;
      object.has_profile = known->second.has_profile;
      object.read_problem = known->second.read_problem;
      object.lasting_problem = known->second.lasting_problem;
    }
    objects.push_back(std::move(object));
  }
  return objects;
}

std::vector<CrawledObject*> objects_to_read(std::vector<CrawledObject>& objects) {
  std::vector<CrawledObject*> to_read;
  for (auto& object : objects)
    if (object.object.problem.empty() && !object.has_profile && !object.lasting_problem)
      to_read.push_back(&object);
  return to_read;
}

std::vector<KnownTable> known_tables(const LakeState& state) {
  std::vector<KnownTable> known;
  for (const auto& [name, table] : state.tables) {
    KnownTable entry{name, table.dataset, {}, {}};
    std::set<std::string> of_paths;  // objects are held against each other by what their files have
    for (const auto& object : table.objects) {
      entry.objects.push_back(object.info.key);
      for (auto& column : added_columns(object, nullptr)) of_paths.insert(std::move(column.name));
    }
    for (const auto& column : table.columns)
      if (!of_paths.contains(column.name)) entry.columns.push_back(column.name);
    known.push_back(std::move(entry));
  }
  return known;
}

/// Says where the columns of paths come from.
void note_path_columns(std::vector<CrawledObject>& objects, const std::vector<Source>& sources) {
  for (auto& object : objects) {
    if (object.object.table.empty()) continue;
    const std::string note = path_note(object.object, find_table(sources, object.object.table));
    if (!note.empty()) object.note += (object.note.empty() ? "" : "; ") + note;
  }
}

/// Takes objects without a day of their own out of tables that have objects with one: which of them is newer,
/// nobody can tell.
void refuse_undated_beside_dated(std::vector<CrawledObject>& objects) {
  std::map<std::string, std::string> dated;
  for (const auto& object : objects)
    if (object.dated && !object.object.table.empty()) dated[object.object.table] = object.object.info.key;
  for (auto& object : objects) {
    const auto found = dated.find(object.object.table);
    if (object.dated || found == dated.end()) continue;
    object.object.problem = fmt::format(
        "its path names no day, but that of {} does, so it cannot be told which is newer; move it to a folder "
        "drop=YYYY-MM-DD, or leave it out with `exclude` in reelhouse.yaml",
        found->second);
    object.object.table.clear();
  }
}

/// Works out tables, diff and history from the objects of a crawl.
class Outcome {
 public:
  Outcome(const LakeState& before, const std::vector<Source>& sources) : before_(before), sources_(sources) {}

  void work_out(std::vector<CrawledObject> objects) {
    leave_out_ignored(objects);
    note_twins(objects);
    for (const auto& object : objects)
      if (!object.object.table.empty()) {
        CatalogTable& table = state.tables[object.object.table];
        table.name = object.object.table;
        table.dataset = object.object.dataset;
        table.objects.push_back(object.object);
      } else {
        report.unreadable.push_back(object.object);
      }
    for (auto& [name, table] : state.tables) compare(table);
    add_gone_tables();
    for (auto& change : object_changes(before_.objects, objects, report.ignored))
      report.changes.push_back(std::move(change));
    std::ranges::stable_sort(report.changes, {}, &Change::table);
    for (auto& object : objects) {
      report.objects_read += object.was_read ? 1 : 0;
      state.objects.emplace(object.object.info.key, std::move(object));
    }
    for (const auto& [name, table] : state.tables)
      if (!table.objects.empty()) report.tables.push_back(table);
  }

  CrawlReport report;
  LakeState state;
  std::vector<NewSchemaVersion> versions;

 private:
  void leave_out_ignored(std::vector<CrawledObject>& objects) {
    for (const auto& object : objects)
      if (!object.ignored.empty())
        report.ignored.push_back(fmt::format("{} ({})", object.object.info.key, object.ignored));
    std::erase_if(objects, [](const CrawledObject& object) { return !object.ignored.empty(); });
  }

  /// Points out objects whose content stands twice in one drop of a table: their rows count twice.
  static void note_twins(std::vector<CrawledObject>& objects) {
    std::map<std::tuple<std::string, Date, std::string>, std::string> seen;
    for (auto& object : objects) {
      const CatalogObject& now = object.object;
      if (now.table.empty() || now.profile.records == 0) continue;
      const auto [first, is_new] =
          seen.emplace(std::tuple(now.table, now.drop, now.profile.content_hash), now.info.key);
      if (!is_new)
        object.note +=
            fmt::format("{}the same content as {}", object.note.empty() ? "" : "; ", first->second);
    }
  }

  void compare(CatalogTable& table) {
    sort_objects(table.objects);
    const SourceTable* declared = find_table(sources_, table.name);
    table.columns = merge_columns(table.objects, declared);
    const auto known = before_.tables.find(table.name);
    std::vector<Change> changes;
    if (known == before_.tables.end() || known->second.objects.empty())
      changes.push_back(new_table(table, declared != nullptr));
    if (known == before_.tables.end()) {
      versions.push_back({table, changes});
    } else {
      table.schema_version = known->second.schema_version;
      const auto schema = schema_changes(known->second, table);
      if (!schema.empty()) ++table.schema_version;
      changes.insert(changes.end(), schema.begin(), schema.end());
      if (!schema.empty()) versions.push_back({table, changes});
    }
    report.changes.insert(report.changes.end(), changes.begin(), changes.end());
  }

  void add_gone_tables() {
    for (const auto& [name, table] : before_.tables) {
      if (state.tables.contains(name)) continue;
      if (!table.objects.empty()) report.changes.push_back(gone_table(table));
      CatalogTable gone = table;
      gone.objects.clear();
      state.tables.emplace(name, std::move(gone));
    }
  }

  const LakeState& before_;
  const std::vector<Source>& sources_;
};

class StoredCatalog final : public Catalog {
 public:
  StoredCatalog(std::unique_ptr<CatalogStore> store, ObjectProfiler profiler)
      : store_(std::move(store)), profiler_(std::move(profiler)) {}

  Result<CrawlReport> crawl(const lake::ObjectStore& lake, const std::vector<Source>& sources,
                            const CrawlOptions& options, const Clock& clock) override {
    RH_ASSIGN(const LakeState before, locked([&] { return store_->load(lake.name()); }));
    RH_ASSIGN(const auto listing, settled_listing(lake, before));
    Layout layout = place_objects(listing.objects, options.exclude, sources);
    place_left_out(listing.left_out, options.exclude, layout);
    auto objects = start_objects(layout, sources, before);
    RH_TRY(read_objects(lake, objects_to_read(objects), options.threads, profiler_));
    for (auto& object : objects)
      if (object.object.problem.empty()) object.object.problem = object.read_problem;
    group_objects(objects, sources, known_tables(before));
    refuse_undated_beside_dated(objects);
    note_path_columns(objects, sources);
    Outcome outcome(before, sources);
    outcome.report.ignored = std::move(layout.ignored);
    outcome.report.left_out = std::move(layout.left_out);
    outcome.work_out(std::move(objects));
    if (!options.dry_run)
      RH_TRY(locked(
          [&] { return store_->keep(lake.name(), outcome.state, outcome.versions, to_iso(clock.now())); }));
    return std::move(outcome.report);
  }

  Result<std::vector<CatalogTable>> tables() const override {
    RH_ASSIGN(LakeState state, last_state());
    std::vector<CatalogTable> tables;
    for (auto& [name, table] : state.tables)
      if (!table.objects.empty()) tables.push_back(std::move(table));
    return tables;
  }

  Result<std::vector<CatalogObject>> unreadable() const override {
    RH_ASSIGN(const LakeState state, last_state());
    std::vector<CatalogObject> unreadable;
    for (const auto& [key, object] : state.objects)
      if (!object.object.problem.empty()) unreadable.push_back(object.object);
    return unreadable;
  }

  Result<std::vector<StructuralReject>> rejects(const std::string& key) const override {
    return locked([&]() -> Result<std::vector<StructuralReject>> {
      RH_ASSIGN(const std::string lake, store_->last_lake());
      return store_->rejects(lake, key);
    });
  }

  Result<std::vector<SchemaVersion>> schema_versions(const std::string& table) const override {
    return locked([&]() -> Result<std::vector<SchemaVersion>> {
      RH_ASSIGN(const std::string lake, store_->last_lake());
      return store_->schema_versions(lake, table);
    });
  }

 private:
  template <typename Work>
  std::invoke_result_t<Work> locked(Work work) const {
    const std::lock_guard lock(mutex_);
    return work();
  }

  Result<LakeState> last_state() const {
    return locked([&]() -> Result<LakeState> {
      RH_ASSIGN(const std::string lake, store_->last_lake());
      return store_->load(lake);
    });
  }

  mutable std::mutex mutex_;
  std::unique_ptr<CatalogStore> store_;
  ObjectProfiler profiler_;
};

}  // namespace

void sort_objects(std::vector<CatalogObject>& objects) {
  std::ranges::sort(objects, {}, [](const CatalogObject& o) { return std::tie(o.drop, o.info.key); });
}

uint64_t CatalogTable::records() const {
  return std::accumulate(objects.begin(), objects.end(), uint64_t{0},
                         [](uint64_t sum, const CatalogObject& o) { return sum + o.profile.records; });
}

uint64_t CatalogTable::rejected() const {
  return std::accumulate(objects.begin(), objects.end(), uint64_t{0},
                         [](uint64_t sum, const CatalogObject& o) { return sum + o.profile.rejected; });
}

Result<std::unique_ptr<Catalog>> open_catalog(const std::filesystem::path& file, ObjectProfiler profiler) {
  RH_ASSIGN(auto store, CatalogStore::open(file));
  return std::make_unique<StoredCatalog>(std::move(store), std::move(profiler));
}

Result<std::unique_ptr<Catalog>> open_catalog(const std::filesystem::path& file) {
  return open_catalog(file, &profile_object);
}

}  // namespace reelhouse::catalog

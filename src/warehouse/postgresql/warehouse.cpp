#include "warehouse/postgresql/warehouse.hpp"
#include "warehouse/choice.hpp"

#include <algorithm>
#include <mutex>

#include "warehouse/postgresql/fixed_names.hpp"
#include "warehouse/postgresql/mirror.hpp"
#include "warehouse/postgresql/publisher.hpp"
#include "warehouse/postgresql/retire.hpp"
#include "warehouse/postgresql/workers.hpp"

namespace reelhouse::warehouse::postgresql {
namespace {

constexpr int kOpenAttempts = 5;

class DatabaseWarehouse final : public Warehouse {
 public:
  DatabaseWarehouse(Location location, Names names, const WarehouseOptions& options)
      : location_(std::move(location)),
        names_(std::move(names)),
        patience_(options.patience),
        mirror_(location_, names_, options.cache) {}

  std::string name() const override { return location_.name + ", schema " + names_.fixed; }

  Result<Version> publish(const std::vector<PublishedTable>& tables, const std::string& run, int keep,
                          const Clock& clock) override {
    if (tables.empty())
      return fail(ErrorKind::kProject, "publishing: there is no table to publish", "", location_.name);
    RH_ASSIGN(auto publisher, Publisher::begin(location_, names_));
    return publisher.publish(tables, run, keep, patience_, clock);
  }

  Result<std::vector<std::string>> tend(int keep) override {
    RH_ASSIGN(auto publisher, Publisher::begin(location_, names_));
    return publisher.tend(keep, patience_);
  }

  Result<> check_writable() const override { return Publisher::check(location_, names_); }

  Result<Version> roll_back(int number) override {
    RH_ASSIGN(const auto there, versions());
    if (there.empty()) return fail(not_published());
    RH_ASSIGN(auto publisher, Publisher::begin(location_, names_));
    return publisher.roll_back(number, patience_);
  }

  Result<std::vector<Version>> versions() const override {
    RH_ASSIGN(const auto connection, open_reader());
    RH_ASSIGN(const auto stored, read_versions(*connection, names_));
    std::vector<Version> found;
    for (const auto& version : stored) found.push_back(version.version);
    return found;
  }

  Result<Version> current() const override {
    RH_ASSIGN(const auto connection, open_reader());
    RH_ASSIGN(const auto stored, read_version(*connection, names_, 0));
    if (!stored) return fail(not_published());
    return stored->version;
  }

  Result<std::optional<int>> current_number() const override {
    const std::lock_guard lock(mutex_);
    if (polling_ && polling_->is_alive())
      if (auto number = read_current_number(*polling_, names_)) return number;
    polling_.reset();
    RH_ASSIGN(polling_, open_reader());
    return read_current_number(*polling_, names_);
  }

  Result<std::unique_ptr<engine::Database>> open_current() const override {
    Version opened;
    RH_ASSIGN(auto database, with_mirror(opened, [](const std::filesystem::path& file) {
                engine::DatabaseOptions options;
                options.path = file.string();
                options.read_only = true;
                return engine::open_duckdb(options);
              }));
    RH_TRY(database->lock_down());
    return database;
  }

  Result<std::unique_ptr<engine::Database>> attach_current(Version& opened) const override {
    return with_mirror(opened, attach_read_only);
  }

  std::vector<Finding> inspect(int keep) const override;

 private:
  Result<std::unique_ptr<Connection>> open_reader() const {
    return Connection::open(location_, purpose_of("reader"));
  }

  Error not_published() const {
    return {ErrorKind::kNotFound, "nothing is published yet", "Publish with: reelhouse run", location_.name};
  }

  /// Opens the mirror's file; again when another process has removed it as an old one.
  template <typename Open>
  Result<std::unique_ptr<engine::Database>> with_mirror(Version& opened, Open open) const {
    for (int attempt = 1;; ++attempt) {
      RH_ASSIGN(const auto file, mirror_.bring(opened));
      auto database = open(file);
      if (database || attempt == kOpenAttempts || std::filesystem::exists(file)) return database;
    }
  }

  Location location_;
  Names names_;
  std::chrono::milliseconds patience_;
  Mirror mirror_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<Connection> polling_;  ///< of current_number
};

std::vector<Finding> DatabaseWarehouse::inspect(int keep) const {
  using State = Finding::State;
  std::vector<Finding> findings;
  const auto connection = open_reader();
  if (!connection) return {{"warehouse", State::kWrong, connection.error().to_string()}};
  const int server = (*connection)->server_version();
  const auto settings = (*connection)->run("select current_user, pg_is_in_recovery()");
  findings.push_back({"warehouse", State::kOk,
                      fmt::format("{}: PostgreSQL {}.{}{}", name(), server / 10000, server % 10000,
                                  settings && settings->flag(0, 1) ? ", a standby, which only reads" : "")});
  const auto current = read_version(**connection, names_, 0);
  if (!current) {
    findings.push_back({"published", State::kWrong, current.error().to_string()});
    return findings;
  }
  if (!*current) {
    const auto missing = not_published();
    const auto there = read_versions(**connection, names_);
    const std::string advice = there && !there->empty()
                                   ? fmt::format(" Or go back to one that is there: reelhouse rollback {}",
                                                 there->front().version.number)
                                   : "";
    findings.push_back({"published", State::kNote, missing.message + ". " + missing.hint + advice});
    return findings;
  }
  const auto& version = (*current)->version;
  findings.push_back(
      {"published", State::kOk, fmt::format("version {} of {}", version.number, version.created)});
  const auto fixed = read_fixed_state(**connection, names_);
  if (!fixed) {
    findings.push_back({"fixed names", State::kNote, fixed.error().message});
  } else if (fixed->number == version.number) {
    findings.push_back({"fixed names", State::kOk, fmt::format("version {}", fixed->number)});
  } else {
    std::string detail = fixed->number == 0
                             ? "show no version yet"
                             : fmt::format("show version {}, not {}", fixed->number, version.number);
    if (fixed->number > 0 && fixed->number < version.number)
      detail += fmt::format(", {} behind", version.number - fixed->number);
    if (!fixed->behind_since.empty()) detail += ", since " + fixed->behind_since;
    if (const auto who = blockers(**connection, names_))
      for (const auto& one : *who) detail += "; in use by " + one;
    findings.push_back({"fixed names", State::kNote, detail});
  }
  const auto old = old_versions(**connection, names_, keep);
  if (!old) {
    findings.push_back({"old versions", State::kNote, old.error().message});
  } else if (!old->empty()) {
    std::string detail = fmt::format("stay beyond the {} that are kept: ", std::max(keep, 1));
    for (const auto& one : *old) detail += (&one == &old->front() ? "" : ", ") + one;
    findings.push_back({"old versions", State::kNote, detail});
  }
  return findings;
}

}  // namespace

Result<std::unique_ptr<Warehouse>> open(const WarehouseOptions& options) {
  RH_ASSIGN(Location location, read_location(options.location));
  RH_ASSIGN(Names names, make_names(options));
  return std::unique_ptr<Warehouse>(
      std::make_unique<DatabaseWarehouse>(std::move(location), std::move(names), options));
}

}  // namespace reelhouse::warehouse::postgresql

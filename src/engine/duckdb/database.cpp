#include <duckdb.h>

#include <algorithm>
#include <filesystem>

#include "engine/duckdb/session.hpp"
#include "engine/engine.hpp"

namespace reelhouse::engine {
namespace duckdb {
namespace {

class DuckDatabase final : public Database {
 public:
  explicit DuckDatabase(std::shared_ptr<Instance> instance) : instance_(std::move(instance)) {}

  Result<std::unique_ptr<DuckSession>> open_session() {
    duckdb_connection connection = nullptr;
    if (duckdb_connect(instance_->database, &connection) != DuckDBSuccess)
      return fail(ErrorKind::kInternal, "connecting to the engine");
    return std::make_unique<DuckSession>(instance_, connection);
  }

  Result<std::unique_ptr<Session>> connect() override {
    RH_ASSIGN(auto session, open_session());
    return std::unique_ptr<Session>(std::move(session));
  }

  Result<> add_source(const std::string& name, std::shared_ptr<RowSource> source) override {
    RH_ASSIGN(auto session, connect());
    std::string quoted;
    if (const size_t dot = name.find('.'); dot != std::string::npos) {
      const std::string schema = quote_name(name.substr(0, dot));
      RH_TRY(session->execute("create schema if not exists " + schema));
      quoted = schema + "." + quote_name(name.substr(dot + 1));
    } else {
      quoted = quote_name(name);
    }
    const int64_t number = instance_->sources.add(std::move(source));
    return session->execute(
        fmt::format("create or replace view {} as select * from reelhouse_scan({})", quoted, number));
  }

  Result<> lock_down() override {
    RH_ASSIGN(auto session, connect());
    return session->execute("set enable_external_access=false; set lock_configuration=true;");
  }

 private:
  std::shared_ptr<Instance> instance_;
};

Error open_error(const DatabaseOptions& options, const char* message) {
  const std::string text = message == nullptr ? "unknown error" : message;
  Error error{ErrorKind::kDamaged, "opening the database: " + text, "", options.path};
  std::error_code code;
  if (!options.path.empty() && options.read_only && !std::filesystem::exists(options.path, code))
    error.kind = ErrorKind::kNotFound;
  else if (text.find("Could not set lock") != std::string::npos)
    error.kind = ErrorKind::kBusy;
  else if (text.find("Permission denied") != std::string::npos)
    error.kind = ErrorKind::kPermission;
  return error;
}

}  // namespace
}  // namespace duckdb

Result<std::unique_ptr<Database>> open_duckdb(const DatabaseOptions& options) {
  duckdb_config config = nullptr;
  duckdb_create_config(&config);
  const auto set = [&](const char* key, const std::string& value) {
    duckdb_set_config(config, key, value.c_str());
  };
  if (options.read_only) set("access_mode", "READ_ONLY");
  if (options.threads > 0) set("threads", std::to_string(options.threads));
  if (!options.memory_limit.empty()) set("memory_limit", options.memory_limit);
  set("temp_directory", options.temporary);
  set("autoinstall_known_extensions", "false");
  set("autoload_known_extensions", "false");
  auto instance = std::make_shared<duckdb::Instance>();
  char* message = nullptr;
  const char* path = options.path.empty() ? nullptr : options.path.c_str();
  const auto state = duckdb_open_ext(path, &instance->database, config, &message);
  duckdb_destroy_config(&config);
  if (state != DuckDBSuccess) {
    Error error = duckdb::open_error(options, message);
    duckdb_free(message);
    return fail(std::move(error));
  }
  auto database = std::make_unique<duckdb::DuckDatabase>(instance);
  RH_ASSIGN(auto session, database->open_session());
  // Text of a moment with a zone is its text in UTC, on every machine; the C API cannot say it before.
  RH_TRY(session->execute("set global TimeZone = 'UTC'"));
  if (!options.read_only) {
    RH_TRY(duckdb::register_source_function(session->connection(), instance->sources));
    for (const auto& helper : duckdb_helpers()) RH_TRY(session->execute(helper.definition));
  }
  return std::unique_ptr<Database>(std::move(database));
}

}  // namespace reelhouse::engine

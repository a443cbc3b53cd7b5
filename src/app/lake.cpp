#include <fstream>
#include <iostream>

#include "app/command.hpp"
#include "lake/object_store.hpp"

namespace reelhouse::app {
namespace {

namespace fs = std::filesystem;

Result<int> list(const GlobalFlags& flags, const std::string& prefix) {
  RH_ASSIGN(const Settings settings, load_settings(flags));
  RH_ASSIGN(const auto lake, lake::open_store(settings.lake));
  RH_ASSIGN(const auto objects, lake->list(prefix));
  engine::Rows rows;
  rows.columns = {
      {"key", "VARCHAR"}, {"bytes", "BIGINT", true}, {"modified", "VARCHAR"}, {"etag", "VARCHAR"}};
  for (const auto& object : objects)
    rows.rows.push_back(
        {object.key, static_cast<int64_t>(object.size), to_iso(object.modified), object.etag});
  print_rows(rows, flags.output());
  return kDone;
}

Result<int> put(const GlobalFlags& flags, const std::string& file, std::string key) {
  RH_ASSIGN(const Settings settings, load_settings(flags));
  RH_ASSIGN(const auto lake, lake::open_store(settings.lake));
  if (key.ends_with('/')) key += fs::path(file).filename().string();
  RH_TRY(lake->put(file, key));
  if (!flags.quiet) std::cerr << fmt::format("put {} as {}\n", file, key);
  return kDone;
}

Result<int> get(const GlobalFlags& flags, const std::string& key, std::string file) {
  RH_ASSIGN(const Settings settings, load_settings(flags));
  RH_ASSIGN(const auto lake, lake::open_store(settings.lake));
  RH_ASSIGN(const auto info, lake->head(key));
  RH_ASSIGN(const fs::path local, lake->local_copy(info));
  if (file == "-") {
    std::cout << std::ifstream(local, std::ios::binary).rdbuf() << std::flush;
    return kDone;
  }
  if (file.empty()) file = fs::path(key).filename().string();
  std::error_code code;
  if (!fs::copy_file(local, file, fs::copy_options::none, code))
    return fail(system_error("copying " + key + " to", file, code.value()));
  if (!flags.quiet) std::cerr << fmt::format("got {} as {}\n", key, file);
  return kDone;
}

}  // namespace

void add_lake(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("lake", "Look at and fill the lake");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n  reelhouse lake ls raw/\n  reelhouse lake put users.csv raw/users/drop=2026-01-31/\n"
      "  reelhouse lake get raw/users/drop=2026-01-31/users.csv -");
  auto prefix = std::make_shared<std::string>();
  auto* ls = command->add_subcommand("ls", "List objects: key, size, time, ETag");
  ls->add_option("prefix", *prefix, "Only keys that begin so");
  on_run(*ls, [&flags, prefix] { return list(flags, *prefix); });

  auto file = std::make_shared<std::string>();
  auto key = std::make_shared<std::string>();
  auto* putting = command->add_subcommand("put", "Put a file into the lake, whole or not at all");
  putting->add_option("file", *file, "Local file")->required();
  putting->add_option("key", *key, "Key; one that ends in '/' keeps the file's name")->required();
  on_run(*putting, [&flags, file, key] { return put(flags, *file, *key); });

  auto* getting = command->add_subcommand("get", "Copy an object out of the lake");
  getting->add_option("key", *key, "Key of the object")->required();
  getting->add_option("file", *file, "Local file, '-' for standard output; default: the object's own name");
  on_run(*getting, [&flags, file, key] { return get(flags, *key, *file); });
}

}  // namespace reelhouse::app

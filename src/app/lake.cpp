#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <thread>

#include "app/command.hpp"
#include "base/files.hpp"
#include "lake/keys.hpp"
#include "lake/object_store.hpp"

namespace reelhouse::app {
namespace {

namespace fs = std::filesystem;

/// Opens the lake; `copies` is where a bucket's objects are brought, empty: somewhere temporary.
Result<std::unique_ptr<lake::ObjectStore>> open_lake(const GlobalFlags& flags, const fs::path& copies) {
  RH_ASSIGN(const auto project, open_project(flags));
  const auto& settings = project->settings();
  return lake::open_store(settings.lake, {.cache = copies});
}

Result<int> list(const GlobalFlags& flags, const std::string& prefix) {
  RH_ASSIGN(const auto lake, open_lake(flags, {}));
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

/// Where each file goes: below a key that ends in '/' by its own name.
Result<std::string> key_for(const fs::path& file, const std::string& key, size_t files) {
  if (key.ends_with('/')) return key + file.filename().string();
  if (files == 1) return key;
  return fail(ErrorKind::kUsage, "several files cannot have one key", "End the key with '/'.", key);
}

Result<int> put(const GlobalFlags& flags, const std::vector<std::string>& files, const std::string& key) {
  std::vector<std::pair<std::string, std::string>> puts;
  for (const auto& file : files) {
    RH_ASSIGN(std::string target, key_for(file, key, files.size()));
    if (lake::is_hidden_key(target))
      return fail(ErrorKind::kUsage, "names that begin with '.' or '_' are hidden in a lake",
                  "Choose another key.", target);
    for (const auto& [other, taken] : puts)
      if (taken == target)
        return fail(ErrorKind::kUsage, fmt::format("{} and {} have the same name", other, file),
                    "Put them one by one, under different keys.", target);
    puts.emplace_back(file, std::move(target));
  }
  RH_ASSIGN(const auto project, open_project(flags));
  const auto& settings = project->settings();
  // The folder of copies remembers open uploads, too: what a put that dies has left, the next takes back.
  RH_ASSIGN(const auto lake, lake::open_store(settings.lake, {.cache = settings.objects()}));
  for (const auto& [file, target] : puts) {
    RH_TRY(lake->put(file, target));
    if (!flags.quiet) std::cerr << fmt::format("put {} as {}\n", file, target);
  }
  return kDone;
}

Result<int> print_content(const fs::path& file, const std::string& key) {
  std::ifstream content(file, std::ios::binary);
  if (content.peek() != std::ifstream::traits_type::eof()) std::cout << content.rdbuf();
  std::cout.flush();
  if (content.bad() || !std::cout)
    return fail(ErrorKind::kUnavailable, "writing the object to standard output failed", "", key);
  return kDone;
}

/// A folder for downloads beside the place where they will be, so that they need only be renamed.
class Staging {
 public:
  explicit Staging(const fs::path& beside) : path_(beside / fmt::format(".reelhouse-get-{}", ::getpid())) {}
  ~Staging() {
    std::error_code code;
    fs::remove_all(path_, code);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  const fs::path& path() const { return path_; }

  /// Gives a lake's local copy its name: one that lies here is moved, others are copied.
  Result<> place(const fs::path& local, const fs::path& target, const std::string& key) const {
    std::error_code code;
    if (local.string().starts_with(path_.string())) {
      constexpr auto kOthers = fs::perms::group_read | fs::perms::others_read;
      fs::permissions(local, kOthers, fs::perm_options::add, code);
      if (::link(local.c_str(), target.c_str()) == 0) return {};  // unlike a rename, never over a file
      if (errno == EEXIST) return fail(system_error("copying " + key + " to", target.string(), errno));
    }
    if (fs::copy_file(local, target, fs::copy_options::none, code)) return {};
    return fail(system_error("copying " + key + " to", target.string(), code.value()));
  }

 private:
  fs::path path_;
};

/// Where each object goes: into a folder by its own name.
Result<std::vector<fs::path>> targets_for(const std::vector<std::string>& keys, const std::string& file) {
  const bool to_folder = file.ends_with('/') || fs::is_directory(file);
  if (!to_folder && keys.size() > 1)
    return fail(ErrorKind::kUsage, "several objects cannot go to one file", "Name a folder last.", file);
  std::vector<fs::path> targets;
  for (const auto& key : keys) {
    const fs::path own = fs::path(key).filename();
    targets.push_back(to_folder ? fs::path(file) / own : file.empty() ? own : fs::path(file));
    if (std::count(targets.begin(), targets.end(), targets.back()) > 1)
      return fail(ErrorKind::kUsage, "two of the objects have the same name", "Get them one by one.", key);
    if (fs::exists(targets.back()))
      return fail(system_error("copying " + key + " to", targets.back().string(), EEXIST));
  }
  return targets;
}

/// Looks all keys up, several at a time: a bucket takes its time over each.
Result<std::vector<lake::ObjectInfo>> look_up(const lake::ObjectStore& lake,
                                              const std::vector<std::string>& keys) {
  std::vector<Result<lake::ObjectInfo>> found(keys.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < keys.size(); i = next++) found[i] = lake.head(keys[i]);
  };
  {
    std::vector<std::jthread> workers;
    for (size_t i = 1; i < std::min<size_t>(keys.size(), 8); ++i) workers.emplace_back(work);
    work();
  }
  std::vector<lake::ObjectInfo> infos;
  for (auto& info : found) {
    if (!info) return fail(std::move(info).error());
    infos.push_back(std::move(*info));
  }
  return infos;
}

Result<int> print_object(const GlobalFlags& flags, const std::string& key) {
  RH_ASSIGN(const auto lake, open_lake(flags, {}));
  RH_ASSIGN(const auto info, lake->head(key));
  RH_TRY(lake->prefetch(std::span(&info, 1)));
  RH_ASSIGN(const fs::path local, lake->local_copy(info));
  return print_content(local, key);
}

Result<int> get(const GlobalFlags& flags, const std::vector<std::string>& keys, const std::string& file) {
  if (file == "-" && keys.size() == 1) return print_object(flags, keys.front());
  RH_ASSIGN(const auto targets, targets_for(keys, file));
  const fs::path folder = targets.front().parent_path();
  if (!folder.empty()) RH_TRY(make_folders(folder));
  const Staging staging(fs::absolute(folder.empty() ? "." : folder));
  RH_ASSIGN(const auto lake, open_lake(flags, staging.path()));
  RH_ASSIGN(const auto infos, look_up(*lake, keys));
  RH_TRY(lake->prefetch(infos));
  for (size_t i = 0; i < keys.size(); ++i) {
    RH_ASSIGN(const fs::path local, lake->local_copy(infos[i]));
    RH_TRY(staging.place(local, targets[i], keys[i]));
    if (!flags.quiet) std::cerr << fmt::format("got {} as {}\n", keys[i], targets[i].string());
  }
  return kDone;
}

}  // namespace

void add_lake(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("lake", "Look at and fill the lake");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n  reelhouse lake ls raw/\n  reelhouse lake put users.csv plans.csv "
      "raw/users/drop=2026-01-31/\n"
      "  reelhouse lake get raw/users/drop=2026-01-31/users.csv -");
  auto prefix = std::make_shared<std::string>();
  auto* ls = command->add_subcommand("ls", "List objects: key, size, time, ETag");
  ls->add_option("prefix", *prefix, "Only keys that begin so");
  on_run(*ls, [&flags, prefix] { return list(flags, *prefix); });

  auto names = std::make_shared<std::vector<std::string>>();
  auto* putting = command->add_subcommand("put", "Put files into the lake, each whole or not at all");
  putting
      ->add_option("names", *names, "Local files, and last the key; one that ends in '/' keeps their names")
      ->required()
      ->expected(2, 1 << 20U)
      ->type_name("FILE... KEY");
  on_run(*putting, [&flags, names] { return put(flags, {names->begin(), names->end() - 1}, names->back()); });

  auto keys = std::make_shared<std::vector<std::string>>();
  auto* getting = command->add_subcommand("get", "Copy objects out of the lake");
  getting
      ->add_option(
          "names", *keys,
          "Key of the object, and the local file or '-' for standard output (default: the object's own "
          "name); or several keys, and last a folder")
      ->required()
      ->expected(1, 1 << 20U)
      ->type_name("KEY... [FILE]");
  on_run(*getting, [&flags, keys] {
    if (keys->size() == 1) return get(flags, *keys, "");
    return get(flags, {keys->begin(), keys->end() - 1}, keys->back());
  });
}

}  // namespace reelhouse::app

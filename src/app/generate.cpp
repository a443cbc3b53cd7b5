#include <algorithm>
#include <iostream>

#include "app/command.hpp"
#include "base/files.hpp"
#include "base/interrupt.hpp"
#include "base/json.hpp"
#include "base/progress.hpp"
#include "lake/gzip_pipe.hpp"

namespace reelhouse::app {
namespace {

namespace fs = std::filesystem;
using engine::quote_text;

struct GenerateFlags {
  double scale = 0.001;
  long seed = 1;
  int threads = 0;
  bool force = false;
};

/// Reads "-- writes: key" from a file's header; "" for a file that only defines things.
std::string key_written(const std::string& sql) {
  constexpr std::string_view kMark = "-- writes: ";
  for (size_t start = 0; sql.compare(start, 2, "--") == 0;) {
    const size_t end = sql.find('\n', start);
    if (sql.compare(start, kMark.size(), kMark) == 0)
      return sql.substr(start + kMark.size(), end - start - kMark.size());
    if (end == std::string::npos) break;
    start = end + 1;
  }
  return "";
}

/// Writes a synthetic lake: each file into a hidden folder first, then renamed to its place.
class Generator {
 public:
  Generator(fs::path lake, const GenerateFlags& flags, bool quiet)
      : lake_(std::move(lake)), flags_(flags), quiet_(quiet) {}

  /// Says whether the lake already holds just this; refuses to write over what it did not write itself.
  Result<bool> is_there() {
    Json known = Json::object();
    bool same = false;
    if (const auto text = read_file(marker())) {
      const Json json = Json::parse(*text, nullptr, false);
      if (json.is_object()) {
        known = json.value("files", Json::object());
        same = json.value("complete", false) && json.value("scale", 0.0) == flags_.scale &&
               json.value("seed", 0L) == flags_.seed;
      }
    }
    std::error_code code;
    for (fs::recursive_directory_iterator it(lake_ / "raw", code), end; !code && it != end;
         it.increment(code)) {
      if (!it->is_regular_file()) continue;
      const std::string key = it->path().lexically_relative(lake_).generic_string();
      if (known.value(key, uint64_t{0}) == it->file_size()) continue;
      if (same && !flags_.force) return true;  // the user's own files beside ours are none of our business
      return fail(ErrorKind::kUsage, "this lake holds a file that was not generated; nothing was written",
                  "Name an empty folder with --lake.", it->path().string());
    }
    return same && !flags_.force;
  }

  Result<> write(const fs::path& scripts) {
    std::vector<fs::path> files;
    std::error_code code;
    for (fs::directory_iterator it(scripts, code), end; !code && it != end; it.increment(code))
      if (it->path().extension() == ".sql") files.push_back(it->path());
    if (files.empty())
      return fail(ErrorKind::kProject, "the project has no generator", "It is a folder of SQL files.",
                  scripts.string());
    std::ranges::sort(files);
    std::error_code ignored;
    fs::remove_all(lake_ / ".generating", ignored);
    RH_TRY(mark(false));
    engine::DatabaseOptions options;
    options.threads = flags_.threads;
    options.temporary = (lake_ / ".generating" / "tmp").string();
    RH_ASSIGN(const auto database, engine::open_duckdb(options));
    RH_ASSIGN(const auto session, database->connect());
    const OnInterrupt stop([&] { session->interrupt(); });
    RH_TRY(session->execute(
        fmt::format("set variable scale = {}; set variable seed = {}", flags_.scale, flags_.seed)));
    for (const auto& file : files) {
      auto done = run_script(*session, file);
      if (!done) {
        fs::remove_all(lake_ / ".generating", code);
        return done;
      }
    }
    fs::remove_all(lake_ / ".generating", code);
    return mark(true);
  }

 private:
  fs::path marker() const { return lake_ / ".generated.json"; }

  Result<> mark(bool complete) const {
    return write_file_atomically(
        marker(),
        Json{{"scale", flags_.scale}, {"seed", flags_.seed}, {"complete", complete}, {"files", files_}}
            .dump());
  }

  Result<> run_script(engine::Session& session, const fs::path& file) {
    RH_ASSIGN(const std::string sql, read_file(file));
    const std::string key = key_written(sql);
    const fs::path building = lake_ / ".generating" / key;
    std::unique_ptr<lake::GzipPipe> gzip;
    if (!key.empty()) {
      RH_TRY(make_folders(building.parent_path()));
      std::string output = building.string();
      if (key.ends_with(".gz")) {
        RH_ASSIGN(gzip, lake::GzipPipe::open(building));
        output = gzip->input();
      }
      RH_TRY(session.execute(fmt::format("set variable output = {}", quote_text(output))));
    }
    const auto start = std::chrono::steady_clock::now();
    {
      const Progress progress("writing " + (key.empty() ? file.filename().string() : key), 0, "rows");
      auto ran = session.execute(sql);
      if (!ran) {
        Error error = ran.error();
        error.where = file.string();
        return fail(std::move(error));
      }
    }
    if (key.empty()) return {};
    if (gzip) RH_TRY(gzip->finish());
    RH_TRY(make_folders((lake_ / key).parent_path()));
    RH_TRY(rename_durably(building, lake_ / key));
    std::error_code code;
    files_[key] = static_cast<uint64_t>(fs::file_size(lake_ / key, code));
    RH_TRY(mark(false));
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (!quiet_)
      std::cerr << fmt::format("wrote    {:<72} {:>9.1f} MB  {:.1f} s\n", key,
                               static_cast<double>(fs::file_size(lake_ / key, code)) / 1e6, seconds);
    return {};
  }

  fs::path lake_;
  Json files_ = Json::object();  ///< key -> bytes of what was written
  const GenerateFlags& flags_;
  bool quiet_;
};

Result<int> generate(const GlobalFlags& flags, const GenerateFlags& generate_flags) {
  RH_ASSIGN(const auto project, open_project(flags));
  const auto& settings = project->settings();
  if (settings.lake.find("://") != std::string::npos)
    return fail(ErrorKind::kUsage, "generate writes to a folder only", "Name one with --lake.",
                settings.lake);
  Generator generator(settings.lake, generate_flags, flags.quiet);
  RH_ASSIGN(const bool is_there, generator.is_there());
  if (is_there) {
    if (!flags.quiet) std::cerr << fmt::format("{} holds this lake already\n", settings.lake);
    return kDone;
  }
  RH_TRY(generator.write(settings.generator()));
  return kDone;
}

}  // namespace

void add_generate(CLI::App& app, const GlobalFlags& flags) {
  auto* command =
      app.add_subcommand("generate", "Write a synthetic lake of any size, always the same for a seed");
  auto options = std::make_shared<GenerateFlags>();
  command
      ->add_option("--scale", options->scale,
                   "Size; 1 = one million users and the other datasets at their real size")
      ->check(CLI::Range(1e-6, 1e4))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Another seed gives another lake")
      ->check(CLI::Range(0L, 1L << 53))
      ->capture_default_str();
  command->add_option("--threads", options->threads, "Threads to use; 0 = one a core")
      ->check(CLI::Range(0, 256));
  command->add_flag("--force", options->force, "Write it again although it is there");
  command->footer(
      "Examples:\n  reelhouse generate\n  reelhouse generate --scale 0.1 --seed 7 --lake /data/synthetic\n\n"
      "Writes into the lake's folder, and refuses one that holds files that it did not write.");
  on_run(*command, [&flags, options] { return generate(flags, *options); });
}

}  // namespace reelhouse::app

#include <algorithm>
#include <iostream>

#include "app/command.hpp"
#include "base/files.hpp"
#include "base/interrupt.hpp"
#include "base/near_miss.hpp"
#include "base/text.hpp"
#include "catalog/sources.hpp"
#include "lake/fetch/fetch.hpp"
#include "lake/object_store.hpp"

namespace reelhouse::app {
namespace {

using engine::Cell;

struct FetchFlags {
  std::vector<std::string> datasets;
  bool list = false;
  std::string ca_file;
  int attempts = 6;
  int stall = 30;
  double wait = 1;
};

/// The sources that were named, or all that say where they come from. Errors: kUsage.
Result<std::vector<lake::FetchSource>> choose(const project::Settings& settings,
                                              const std::vector<std::string>& names) {
  RH_ASSIGN(const auto sources, catalog::load_sources(settings.project));
  std::vector<lake::FetchSource> chosen;
  std::vector<std::string> known;
  for (const auto& source : sources)
    if (source.fetch) known.push_back(source.dataset);
  for (const auto& name : names) {
    const auto source = std::ranges::find(sources, name, &catalog::Source::dataset);
    if (source != sources.end() && !source->fetch)
      return fail(ErrorKind::kUsage, fmt::format("nobody says where {} comes from", name),
                  "Add the key fetch: to its source, or put its files there: reelhouse lake put.",
                  source->where);
    if (source == sources.end())
      return fail(ErrorKind::kUsage, fmt::format("there is no source '{}'", name),
                  did_you_mean(name, known, fmt::format("There are: {}.", fmt::join(known, ", "))));
    if (std::ranges::find(chosen, name, &lake::FetchSource::dataset) == chosen.end())
      chosen.push_back(*source->fetch);
  }
  for (const auto& source : sources)
    if (names.empty() && source.fetch) chosen.push_back(*source.fetch);
  if (!chosen.empty()) return chosen;
  return fail(ErrorKind::kUsage, "no source of this project says where it comes from",
              "Add the key fetch: to a file in sources/.", settings.sources().string());
}

Result<int> list(const GlobalFlags& flags, const std::vector<lake::FetchSource>& sources) {
  engine::Rows rows;
  rows.columns = {{"dataset", "VARCHAR"},
                  {"as", "VARCHAR"},
                  {"file", "VARCHAR"},
                  {"url", "VARCHAR"},
                  {"login", "VARCHAR"}};
  for (const auto& source : sources)
    for (const auto& file : source.files) {
      const std::string name = file.unpack_zip ? fmt::format("{}", fmt::join(file.members, " ")) : file.name;
      rows.rows.push_back({source.dataset, source.as_drop ? "drop" : "replace",
                           file.unpack_zip && name.empty() ? std::string("*") : name, file.url,
                           engine::text_or_null(lake::describe_login(file))});
    }
  print_rows(rows, flags.output());
  return kDone;
}

std::string megabytes(uint64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

/// What became of each dataset, as rows on standard output and words on standard error.
class Outcomes {
 public:
  explicit Outcomes(const GlobalFlags& flags) : flags_(flags) {
    rows_.columns = {{"dataset", "VARCHAR"}, {"outcome", "VARCHAR"},    {"drop", "VARCHAR"},
                     {"object", "VARCHAR"},  {"bytes", "BIGINT", true}, {"url", "VARCHAR"}};
  }

  void add(const lake::FetchReport& report) {
    if (report.unchanged)
      rows_.rows.push_back({report.dataset, std::string("unchanged"), Cell{}, Cell{}, Cell{}, Cell{}});
    for (const auto& object : report.objects)
      rows_.rows.push_back({report.dataset, std::string("fetched"), engine::text_or_null(report.drop),
                            object.key, static_cast<int64_t>(object.bytes), object.url});
    if (flags_.quiet) return;
    if (report.unchanged)
      std::cerr << fmt::format("{}: nothing is new\n", report.dataset);
    else
      std::cerr << fmt::format("{}: {}{}{}, {} downloaded\n", report.dataset, report.drop,
                               report.drop.empty() ? "" : ", ", counted(report.objects.size(), "object"),
                               megabytes(report.downloaded));
  }

  void add_failure(const std::string& dataset, const Error& error) {
    rows_.rows.push_back({dataset, std::string("failed"), Cell{}, Cell{}, Cell{}, Cell{}});
    std::cerr << fmt::format("{}: error: {}\n", dataset, error.to_string());
  }

  void print() const { print_rows(rows_, flags_.output()); }

 private:
  const GlobalFlags& flags_;
  engine::Rows rows_;
};

/// Failures that the next dataset would meet as well.
bool ends_all(const Error& error) {
  return error.kind == ErrorKind::kInterrupted || error.kind == ErrorKind::kFull;
}

Result<int> fetch(const GlobalFlags& flags, const FetchFlags& wanted) {
  RH_ASSIGN(const auto project, open_project(flags));
  const auto& settings = project->settings();
  RH_ASSIGN(const auto sources, choose(settings, wanted.datasets));
  if (wanted.list) return list(flags, sources);
  RH_ASSIGN(const auto lake, lake::open_store(settings.lake, {settings.objects(), 0}));
  lake::FetchOptions options;
  options.work = settings.fetches();
  options.ca_file = wanted.ca_file;
  options.attempts = wanted.attempts;
  options.stall = std::chrono::seconds(wanted.stall);
  options.first_wait = std::chrono::milliseconds(static_cast<int64_t>(wanted.wait * 1000));
  if (!options.ca_file.empty()) RH_TRY(read_file(options.ca_file));
  const SystemClock clock;
  Outcomes outcomes(flags);
  std::vector<std::pair<std::string, Error>> failures;
  for (const auto& source : sources) {
    const auto report = lake::fetch(source, *lake, options, clock);
    if (report) {
      outcomes.add(*report);
      continue;
    }
    failures.emplace_back(source.dataset, report.error());
    if (ends_all(report.error())) break;
    if (sources.size() > 1) outcomes.add_failure(source.dataset, report.error());
  }
  outcomes.print();
  if (failures.empty()) return kDone;
  const Error& last = failures.back().second;
  if (last.kind == ErrorKind::kInterrupted)
    std::cerr << "what has arrived of the downloads is kept; fetch again to go on from there\n";
  if (sources.size() == 1 || ends_all(last)) return fail(last);
  return fail(last.kind,
              fmt::format("{} could not be fetched: {}", counted(failures.size(), "dataset"),
                          failures.front().second.message),
              "The others are there. See above for each.");
}

}  // namespace

void add_fetch(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("fetch", "Download datasets into the lake, each as one new drop");
  auto wanted = std::make_shared<FetchFlags>();
  command->add_option("sources", wanted->datasets, "Datasets (default: all that say where they come from)")
      ->type_name("SOURCE...");
  command->add_flag("--list", wanted->list, "Show what would be fetched from where, and download nothing");
  command->add_option("--attempts", wanted->attempts, "Tries without getting any further")
      ->envname("REELHOUSE_FETCH_ATTEMPTS")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command->add_option("--stall", wanted->stall, "Seconds without a byte after which a try is given up")
      ->envname("REELHOUSE_FETCH_STALL_SECONDS")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  command->add_option("--wait", wanted->wait, "Longest wait before the second try, in seconds; it doubles")
      ->envname("REELHOUSE_FETCH_WAIT_SECONDS")
      ->check(CLI::Range(0.0, 120.0))
      ->capture_default_str();
  command->add_option("--ca-file", wanted->ca_file, "Certificates to trust besides the system's (PEM)")
      ->envname("REELHOUSE_CA_FILE")
      ->type_name("FILE");
  command->footer(
      "Examples:\n  reelhouse fetch --list\n  reelhouse fetch\n"
      "  reelhouse fetch shop_orders --format json\n\n"
      "A download that was cut goes on where it was when fetch is called again.");
  on_run(*command, [&flags, wanted] { return fetch(flags, *wanted); });
}

}  // namespace reelhouse::app

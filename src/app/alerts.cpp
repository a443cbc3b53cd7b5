#include <algorithm>
#include <iostream>

#include "app/command.hpp"
#include "base/near_miss.hpp"
#include "base/text.hpp"
#include "project/alerts.hpp"

namespace reelhouse::app {
namespace {

constexpr auto kPatience = std::chrono::seconds(60);

struct AlertFlags {
  bool look = false;
  std::string test;
};

engine::Rows trouble_rows(const Json& troubles) {
  engine::Rows rows;
  for (const char* name : {"since", "title", "rule", "told", "detail"})
    rows.columns.push_back({name, "VARCHAR", false});
  for (const auto& trouble : troubles) {
    std::vector<std::string> told;
    for (const auto& each : trouble["told"])
      told.push_back(fmt::format("{}: {}", each.value("channel", ""), each.value("state", "")));
    rows.rows.push_back({trouble.value("since", ""), trouble.value("title", ""), trouble.value("rule", ""),
                         fmt::format("{}", fmt::join(told, ", ")), trouble.value("detail", "")});
  }
  return rows;
}

Result<int> send_test(const project::Settings& settings, const workflow::AlertBook& book,
                      const std::string& name, const Clock& clock) {
  const workflow::Channel* channel = book.channel(name);
  if (channel == nullptr) {
    std::vector<std::string> names;
    for (const auto& each : book.channels) names.push_back(each.name);
    return fail(ErrorKind::kUsage, fmt::format("alerts.yml has no channel '{}'", name),
                did_you_mean(name, names, "Declare it under channels."));
  }
  workflow::Notice notice;
  notice.id = fmt::format("test{}", clock.now().time_since_epoch().count());
  notice.channel = name;
  notice.kind = workflow::Notice::Kind::kHappened;
  notice.since = to_iso(clock.now());
  notice.trouble = {"test", "test", "a test of this channel",
                    "Nothing is wrong: somebody tried the channel."};
  RH_TRY(workflow::deliver(notice, *channel, {.project = settings.name, .stop = {}}, clock.now()));
  std::cerr << fmt::format("told {}\n", name);
  return kDone;
}

Result<int> run_alerts(const GlobalFlags& flags, const AlertFlags& chosen) {
  RH_ASSIGN(const auto project, open_project(flags));
  const auto& settings = project->settings();
  RH_ASSIGN(const auto definitions, project->definitions());
  std::vector<Error> problems;
  auto book = project::read_alerts(*project, *definitions, problems);
  if (!problems.empty()) return fail(problems.front());
  const SystemClock clock;
  if (!chosen.test.empty()) return send_test(settings, book, chosen.test, clock);
  if (!chosen.look) {
    if (!std::filesystem::exists(settings.alerts_db())) {
      print_rows(trouble_rows(Json::array()), flags.output());
      return kDone;
    }
    RH_ASSIGN(const auto state, workflow::open_alert_state(settings.alerts_db(), clock.now()));
    RH_ASSIGN(const Json troubles, state->open_troubles());
    print_rows(trouble_rows(troubles), flags.output());
    return kDone;
  }
  RH_ASSIGN(const auto history, project->history());
  std::atomic<bool> warned = false;
  RH_ASSIGN(const auto watch,
            project::open_watch(project, std::move(book), *history, clock, [&](const Error& error) {
              warned = true;
              std::cerr << "warning: " + error.to_string() + "\n";
            }));
  watch->look();
  RH_ASSIGN(const int waiting, watch->settle(kPatience));
  RH_ASSIGN(const Json troubles, watch->open_troubles());
  print_rows(trouble_rows(troubles), flags.output());
  if (waiting > 0) std::cerr << counted(static_cast<size_t>(waiting), "notice") << " not delivered yet\n";
  return warned ? kFailed : kDone;
}

}  // namespace

void add_alerts(CLI::App& app, const GlobalFlags& flags) {
  auto* command = app.add_subcommand("alerts", "What is wrong now, and who was told");
  auto chosen = std::make_shared<AlertFlags>();
  auto* look =
      command->add_flag("--look", chosen->look, "Look now and tell the channels, as serve does every minute");
  command->add_option("--test", chosen->test, "Send a test to this channel")
      ->type_name("CHANNEL")
      ->excludes(look);
  command->footer(
      "Channels and alerts are declared in alerts.yml; `reelhouse serve` looks every minute.\n\n"
      "Examples:\n  reelhouse alerts\n  reelhouse alerts --test team\n  reelhouse alerts --look");
  on_run(*command, [&flags, chosen] { return run_alerts(flags, *chosen); });
}

}  // namespace reelhouse::app

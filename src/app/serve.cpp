#include "serve/server.hpp"

#include <poll.h>
#include <unistd.h>

#include "app/command.hpp"
#include "metric/snapshot.hpp"
#include "project/automation.hpp"
#include "project/questions.hpp"
#include "serve/dashboards.hpp"
#include "warehouse/versions.hpp"

namespace reelhouse::app {
namespace {

struct ServeFlags {
  std::string listen = "127.0.0.1:8080";
  std::string token;
  std::vector<std::string> hosts;
  std::string access_log = "-";
  bool no_workflows = false;
};

constexpr int kPatienceMilliseconds = 1000;

/// Says a line on standard error, unless nobody has read from it for a while: a server that waited there
/// would notice no further version.
void say(const std::string& line) {
  const std::string text = line + "\n";
  pollfd ready{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&ready, 1, kPatienceMilliseconds) > 0 && (ready.revents & POLLOUT) != 0) [[maybe_unused]]
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

Result<int> run_serve(const GlobalFlags& flags, const ServeFlags& chosen) {
  RH_ASSIGN(const auto project, open_project(flags));
  RH_ASSIGN(const auto definitions, project->definitions());
  RH_ASSIGN(Json pages, serve::load_dashboards(project->settings().dashboards(), *definitions));
  RH_ASSIGN(const auto warehouse, project->warehouse());

  serve::ServerOptions options;
  options.listen = chosen.listen;
  options.token = chosen.token;
  options.hosts = chosen.hosts;
  options.access_log = flags.quiet && chosen.access_log == "-" ? "none" : chosen.access_log;
  const SystemClock clock;
  std::unique_ptr<project::Automation> automation;
  if (!chosen.no_workflows) {
    const auto tell = [&](const std::string& line) {
      if (!flags.quiet || line.starts_with("warning:")) say(line);
    };
    auto opened = project::Automation::open(project, clock, tell);
    if (!opened && opened.error().kind != ErrorKind::kPermission) return fail(std::move(opened).error());
    if (opened)
      automation = std::move(*opened);
    else  // pages can be shown from a project that may only be read
      say("warning: no workflow is run: " + opened.error().to_string());
  }
  if (automation) {
    options.service.more_numbers = [&] { return automation->numbers(); };
    options.listening = [&](const std::function<void()>& tell_runs) { automation->start(tell_runs); };
  }
  workflow::Scheduler* scheduler = automation ? automation->scheduler() : nullptr;
  options.service.project = project->settings().name;
  options.service.pages = std::move(pages);
  options.service.sources = project::questions(project, clock);
  options.service.sources.merge(project::workflow_questions(project, scheduler));
  for (const auto& [name, action] : project::workflow_actions(project, clock, scheduler))
    options.service.actions[name] = [action = action](const serve::Order& order) {
      return action({order.id, order.body, order.headers});
    };
  options.live.open = [&] { return metric::Snapshot::open(*definitions, *warehouse, true); };
  options.live.current = [&] { return warehouse->current_number(); };
  options.live.opened = [&](int version) {
    if (!flags.quiet) say(fmt::format("version {} is shown", version));
  };
  options.live.failed = [&](const Error& error) { say("warning: " + error.to_string()); };
  RH_TRY(serve::run_server(std::move(options), clock, [&](const serve::Address& address) {
    say(fmt::format("http://{}", address.text()));
  }));
  if (automation) automation->stop();
  return kDone;
}

}  // namespace

void add_serve(CLI::App& app, const GlobalFlags& flags) {
  auto* command =
      app.add_subcommand("serve", "Dashboards and API in the browser, live, and the workflows' triggers");
  auto chosen = std::make_shared<ServeFlags>();
  command->add_option("--listen", chosen->listen, "Where to listen; port 0 picks a free one")
      ->envname("REELHOUSE_LISTEN")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  command->add_option("--token", chosen->token, "What whoever asks has to know; needed beyond this machine")
      ->envname("REELHOUSE_TOKEN")
      ->type_name("TEXT");
  command->add_option("--allow-host", chosen->hosts, "A further name the server goes by, as behind a proxy")
      ->type_name("NAME");
  command
      ->add_option("--access-log", chosen->access_log,
                   "A line of JSON a request: '-' standard error, 'none', or a file")
      ->type_name("FILE")
      ->capture_default_str();
  command->add_flag("--no-workflows", chosen->no_workflows, "Start no runs: pages and API alone");
  command->footer(
      "Shows the published version, and the next one as soon as it is published; Ctrl-C ends it.\n\n"
      "Examples:\n  reelhouse serve\n  reelhouse serve --listen 127.0.0.1:0 --access-log none\n"
      "  REELHOUSE_TOKEN=$(openssl rand -hex 24) reelhouse serve --listen 0.0.0.0:8080");
  on_run(*command, [&flags, chosen] { return run_serve(flags, *chosen); });
}

}  // namespace reelhouse::app

#include <algorithm>
#include <cstdlib>

#include "project/letting_in.hpp"
#include "project/questions.hpp"
#include "workflow/alert/webhook.hpp"
#include "workflow/run/log.hpp"

namespace reelhouse::project {
namespace {

using workflow::Workflow;

constexpr int kFirings = 10;             ///< shown of every trigger
constexpr int kRecentRuns = 200;         ///< looked through for a webhook that came before
constexpr size_t kLongestBody = 60'000;  ///< of a webhook, kept for the steps

Json or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json json_of(const workflow::Condition& condition) {
  static constexpr const char* kAre[] = {"succeeded", "failed", "check_failed", "ended"};
  return {{"of", condition.of == workflow::Condition::Of::kAny ? "any" : "all"},
          {"are", kAre[static_cast<int>(condition.are)]},
          {"steps", condition.steps}};
}

Json json_of(const workflow::Trigger& trigger) {
  static constexpr const char* kMissed[] = {"skip", "latest", "all"};
  Json json = {{"name", trigger.name}};
  if (trigger.schedule) {
    json["kind"] = "schedule";
    json["text"] = fmt::format("{} ({})", trigger.schedule->cron.text(), trigger.schedule->zone);
    json["missed"] = kMissed[static_cast<int>(trigger.schedule->missed)];
  } else if (trigger.objects) {
    json["kind"] = "objects";
    json["text"] = trigger.objects->prefix;
  } else if (trigger.after) {
    json["kind"] = "after";
    json["text"] = trigger.after->workflow;
  } else {
    json["kind"] = "http";
    json["text"] = "signed POST";
  }
  return json;
}

Json json_of(const workflow::Step& step) {
  return {{"name", step.name},
          {"parent", or_null(step.parent)},
          {"state", name_of(step.state)},
          {"seconds", step.seconds},
          {"rows", step.rows},
          {"attempts", step.attempts},
          {"started", or_null(step.started)},
          {"ended", or_null(step.ended)},
          {"kept_from", or_null(step.kept_from)},
          {"message", or_null(step.message)}};
}

Json json_of(const workflow::Run& run) {
  Json steps = Json::array();
  for (const auto& step : run.steps) steps.push_back(json_of(step));
  return {{"run", run.id},
          {"workflow", run.workflow},
          {"state", name_of(run.state)},
          {"queued", or_null(run.queued)},
          {"started", or_null(run.started)},
          {"ended", or_null(run.ended)},
          {"version", run.version > 0 ? Json(run.version) : Json(nullptr)},
          {"message", or_null(run.message)},
          {"cause",
           {{"kind", name_of(run.cause.kind)},
            {"trigger", or_null(run.cause.trigger)},
            {"due", or_null(run.cause.due)},
            {"detail", or_null(run.cause.detail)}}},
          {"resumes", or_null(run.resumes)},
          {"properties", Json(run.properties)},
          {"cancel_asked", run.cancel_asked},
          {"steps", std::move(steps)}};
}

Json describe(const Workflow& workflow, const workflow::RunHistory& history) {
  Json steps = Json::array();
  for (const auto& step : workflow.steps)
    steps.push_back({{"name", step.name},
                     {"kind", name_of(step.kind)},
                     {"after", json_of(step.after)},
                     {"always", step.always}});
  Json triggers = Json::array();
  for (const auto& trigger : workflow.triggers) triggers.push_back(json_of(trigger));
  Json json = {{"name", workflow.name},
               {"description", or_null(workflow.description)},
               {"steps", std::move(steps)},
               {"triggers", std::move(triggers)},
               {"properties", Json(workflow.properties)},
               {"last", nullptr}};
  const auto last = history.list(1, workflow.name);
  if (last && !last->empty()) json["last"] = json_of(last->front());
  return json;
}

Result<Json> list_workflows(Project& project, const workflow::Scheduler* scheduler) {
  const auto workflows = scheduler != nullptr ? scheduler->workflows() : project.workflows()->all;
  RH_ASSIGN(const auto history, project.history());
  Json list = Json::array();
  for (const auto& each : workflows) list.push_back(describe(each, *history));
  Json next = Json::array();
  if (scheduler != nullptr)
    for (const auto& firing : scheduler->next_firings(kFirings))
      next.push_back({{"workflow", firing.workflow}, {"trigger", firing.trigger}, {"at", to_iso(firing.at)}});
  return Json{{"scheduling", scheduler != nullptr && scheduler->is_leading()},
              {"can_run", scheduler != nullptr},
              {"workflows", std::move(list)},
              {"next", std::move(next)}};
}

std::string asked(const std::map<std::string, std::string>& parameters, const std::string& name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? "" : found->second;
}

Result<Json> show_log(Project& project, const std::map<std::string, std::string>& parameters) {
  RH_ASSIGN(const auto history, project.history());
  RH_ASSIGN(const auto run, history->find(asked(parameters, "id")));
  const std::string from = asked(parameters, "from");
  const uint64_t at = std::strtoull(from.c_str(), nullptr, 10);
  auto part = workflow::read_log(project.settings().logs(), run.id, at);
  if (!part && part.error().kind == ErrorKind::kNotFound) part = workflow::LogPart{Json::array(), at};
  if (!part) return fail(part.error());
  return Json{{"run", run.id}, {"lines", std::move(part->lines)}, {"next", part->next}};
}

/// Takes the properties that a body of JSON gives: every one that the workflow declares.
Result<workflow::Properties> properties_in(const std::string& body, const Workflow* known) {
  workflow::Properties properties;
  if (body.empty()) return properties;
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) {
    if (known != nullptr) return properties;  // of a webhook: any body will do
    return fail(ErrorKind::kUsage, "the body is no JSON object",
                R"(Send {"properties": {"name": "value"}}.)");
  }
  const Json& given = known != nullptr              ? json
                      : json.contains("properties") ? json["properties"]
                                                    : Json::object();
  if (!given.is_object()) return fail(ErrorKind::kUsage, "`properties` is no JSON object");
  for (const auto& [name, value] : given.items()) {
    if (known != nullptr && !known->properties.contains(name)) continue;
    if (value.is_string())
      properties[name] = value.get<std::string>();
    else if (value.is_primitive() && !value.is_null())
      properties[name] = value.dump();
    else if (known == nullptr)
      return fail(ErrorKind::kUsage, fmt::format("the property '{}' is no text", name));
  }
  return properties;
}

Json accepted(const workflow::Run& run) {
  return {{"run", run.id}, {"workflow", run.workflow}, {"state", name_of(run.state)}};
}

/// Finds the http trigger of a workflow. Errors: kNotFound; the same whether or not the workflow is there.
Result<const workflow::Trigger*> http_trigger(const std::vector<Workflow>& workflows,
                                              const std::string& name) {
  const auto found = std::ranges::find(workflows, name, &Workflow::name);
  if (found != workflows.end())
    for (const auto& trigger : found->triggers)
      if (trigger.http) return &trigger;
  return fail(ErrorKind::kNotFound, fmt::format("no workflow '{}' waits for a webhook", name.substr(0, 100)));
}

Result<Json> take_hook(Project& project, const Clock& clock, workflow::Scheduler& scheduler,
                       const Order& order) {
  const auto workflows = scheduler.workflows();
  RH_ASSIGN(const auto* trigger, http_trigger(workflows, order.id));
  const char* secret = std::getenv(trigger->http->secret_variable.c_str());
  if (secret == nullptr || *secret == '\0')
    return fail(ErrorKind::kUnavailable,
                fmt::format("the webhook of '{}' has no secret: {} is not set where the server runs",
                            order.id, trigger->http->secret_variable));
  RH_TRY(workflow::check_webhook(secret, order.headers, order.body, clock.now()));
  const std::string id = asked(order.headers, "webhook-id");
  RH_ASSIGN(const auto history, project.history());
  RH_ASSIGN(const auto recent, history->list(kRecentRuns, order.id));
  for (const auto& run : recent)  // a sender that got no answer sends again
    if (run.cause.kind == workflow::CauseKind::kHttp && run.cause.detail == id) return accepted(run);
  const auto known = std::ranges::find(workflows, order.id, &Workflow::name);
  RH_ASSIGN(auto properties, properties_in(order.body, &*known));
  if (known->properties.contains("body")) properties["body"] = order.body.substr(0, kLongestBody);
  RH_ASSIGN(const auto run,
            scheduler.request(order.id, {workflow::CauseKind::kHttp, trigger->name, "", id}, properties));
  return accepted(run);
}

}  // namespace

std::map<std::string, Question> workflow_questions(const std::shared_ptr<Project>& project,
                                                   const workflow::Scheduler* scheduler) {
  std::map<std::string, Question> all;
  all["workflows"] = [project, scheduler](const Parameters&) { return list_workflows(*project, scheduler); };
  all["run"] = [project](const Parameters& parameters) -> Result<Json> {
    RH_ASSIGN(const auto history, project->history());
    RH_ASSIGN(const auto run, history->find(asked(parameters, "id")));
    return json_of(run);
  };
  all["log"] = [project](const Parameters& parameters) { return show_log(*project, parameters); };
  return all;
}

std::map<std::string, Action> workflow_actions(const std::shared_ptr<Project>& project, const Clock& clock,
                                               workflow::Scheduler* scheduler) {
  std::map<std::string, Action> actions;
  if (scheduler == nullptr) {
    for (const char* name : {"workflows/run", "run/cancel", "run/resume", "run/accept", "hooks"})
      actions[name] = [](const Order&) -> Result<Json> {
        return fail(ErrorKind::kUnavailable, "this server runs no workflows",
                    "It was started with --no-workflows.");
      };
    return actions;
  }
  actions["workflows/run"] = [scheduler](const Order& order) -> Result<Json> {
    RH_ASSIGN(const auto properties, properties_in(order.body, nullptr));
    RH_ASSIGN(const auto run,
              scheduler->request(order.id, {workflow::CauseKind::kPage, "", "", ""}, properties));
    return accepted(run);
  };
  actions["run/cancel"] = [scheduler](const Order& order) -> Result<Json> {
    RH_ASSIGN(const auto run, scheduler->cancel(order.id));
    return accepted(run);
  };
  actions["run/resume"] = [scheduler](const Order& order) -> Result<Json> {
    RH_ASSIGN(const auto run, scheduler->resume(order.id, "page"));
    return accepted(run);
  };
  actions["run/accept"] = [project, &clock, scheduler](const Order& order) -> Result<Json> {
    const Json body = Json::parse(order.body, nullptr, false);
    if (!body.is_object() || !body.contains("table") || !body["table"].is_string())
      return fail(ErrorKind::kUsage, "the body does not name a table", R"(Send {"table": "name"}.)");
    RH_TRY(let_in(*project, order.id, body["table"].get<std::string>(), clock));
    RH_ASSIGN(const auto run, scheduler->resume(order.id, "page"));
    return accepted(run);
  };
  actions["hooks"] = [project, &clock, scheduler](const Order& order) {
    return take_hook(*project, clock, *scheduler, order);
  };
  return actions;
}

}  // namespace reelhouse::project

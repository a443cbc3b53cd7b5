#include "workflow/run/receipt.hpp"

#include <cmath>
#include <fstream>
#include <sstream>

namespace reelhouse::workflow {
namespace {

/// Reads the peak resident memory since the last reset, in bytes (VmHWM of proc(5)).
uint64_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) {
      std::istringstream number(line.substr(6));
      uint64_t kilobytes = 0;
      number >> kilobytes;
      return kilobytes * 1024;
    }
  return 0;
}

void reset_peak_memory() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

const char* name_of(model::BuildState state) {
  switch (state) {
    case model::BuildState::kBuilt:
      return "built";
    case model::BuildState::kKnown:
      return "known";
    case model::BuildState::kView:
      return "view";
    case model::BuildState::kFailed:
      return "failed";
    case model::BuildState::kSkipped:
      return "skipped";
  }
  return "skipped";
}

double rounded(double seconds) {
  return std::round(seconds * 1000) / 1000;
}

Json to_json(const model::CheckResult& check) {
  Json json = {{"model", check.model},
               {"check", check.name},
               {"severity", check.severity == model::Severity::kError ? "error" : "warn"},
               {"passed", check.passed},
               {"failures", check.failures}};
  if (!check.description.empty()) json["description"] = check.description;
  if (!check.examples.empty()) json["examples"] = check.examples;
  if (check.known) json["known"] = true;
  return json;
}

Json to_json(const model::ObjectAccount& object) {
  Json json = {{"object", object.key},
               {"etag", object.etag},
               {"table", object.table},
               {"drop", to_iso(object.drop)},
               {"bytes", object.bytes},
               {"read", object.read},
               {"kept", object.kept},
               {"rejected", object.rejected_structure + object.rejected_rules},
               {"rejected_structure", object.rejected_structure},
               {"rejected_rules", object.rejected_rules},
               {"doubles", object.doubles}};
  for (const auto& [column, values] : object.values)
    if (values.lost > 0) json["lost_values"][column] = values.lost;
  return json;
}

Json to_json(const catalog::Change& change) {
  return {{"what", name_of(change.what)},
          {"table", change.table},
          {"subject", change.subject},
          {"detail", change.detail}};
}

Json to_json(const model::ModelOutcome& outcome) {
  Json json = {{"model", outcome.model}, {"state", name_of(outcome.state)}};
  if (!outcome.record.fingerprint.empty()) json["fingerprint"] = outcome.record.fingerprint;
  if (outcome.state == model::BuildState::kBuilt || outcome.state == model::BuildState::kKnown) {
    json["rows"] = outcome.record.rows;
    json["rejected"] = outcome.record.rejected;
    json["seconds"] = rounded(outcome.record.seconds);
    if (!outcome.record.repairs.empty()) json["repairs"] = outcome.record.repairs;
    if (!outcome.record.lost.empty()) json["lost_values"] = outcome.record.lost;
  }
  if (!outcome.error.empty()) json["error"] = outcome.error;
  return json;
}

}  // namespace

PhaseTimer::PhaseTimer(Json& phases, std::string name)
    : phases_(phases), name_(std::move(name)), start_(std::chrono::steady_clock::now()) {
  reset_peak_memory();
}

double PhaseTimer::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

PhaseTimer::~PhaseTimer() {
  phases_.push_back(
      {{"phase", name_}, {"seconds", rounded(seconds())}, {"peak_memory_bytes", peak_memory()}});
}

Json receipt_of(const Run& run, const std::string& error, Time now, const ReceiptParts& parts) {
  const PipelineResult& result = parts.result;
  Json receipt = {{"run", run.id},
                  {"workflow", run.workflow},
                  {"state", name_of(run.state)},
                  {"started", run.started},
                  {"ended", run.ended.empty() ? to_iso(now) : run.ended},
                  {"cause", name_of(run.cause.kind)},
                  {"lake", parts.lake},
                  {"version", result.version > 0 ? Json(result.version) : Json(nullptr)}};
  if (!error.empty()) receipt["error"] = error;
  receipt["unchanged"] = result.unchanged;
  receipt["phases"] = parts.phases;
  uint64_t read = 0;
  uint64_t kept = 0;
  uint64_t doubles = 0;
  Json objects = Json::array();
  for (const auto& object : result.objects) {
    objects.push_back(to_json(object));
    read += object.read;
    kept += object.kept;
    doubles += object.doubles;
  }
  receipt["records"] = {{"read", read}, {"kept", kept}, {"rejected", read - kept}};
  receipt["doubles"] = doubles;
  receipt["repaired"] = result.repaired;
  receipt["lost_values"] = result.lost_values;
  for (const char* list : {"stopped", "accepted"}) receipt[list] = Json::array();
  for (const auto& loss : result.losses)
    if (loss.stops() || loss.accepted)
      receipt[loss.accepted ? "accepted" : "stopped"].push_back(to_json(loss));
  receipt["objects"] = std::move(objects);
  Json unreadable = Json::array();
  for (const auto& object : parts.unreadable)
    unreadable.push_back(
        {{"object", object.info.key}, {"etag", object.info.etag}, {"problem", object.problem}});
  receipt["unreadable"] = std::move(unreadable);
  for (const char* list : {"models", "checks", "changes"}) receipt[list] = Json::array();
  for (const auto& outcome : parts.models) receipt["models"].push_back(to_json(outcome));
  for (const auto& check : result.checks) receipt["checks"].push_back(to_json(check));
  for (const auto& change : result.changes) receipt["changes"].push_back(to_json(change));
  return receipt;
}

}  // namespace reelhouse::workflow

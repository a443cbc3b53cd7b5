#include "project/receipts.hpp"

#include "base/files.hpp"

namespace reelhouse::project {
namespace {

constexpr int kRunsLookedThrough = 1000;

}  // namespace

Result<std::string> receipt_text(Project& project, const std::string& id) {
  RH_ASSIGN(const auto history, project.history());
  RH_ASSIGN(const auto run, history->find(id));
  return read_file(project.settings().receipt(run.id));
}

Result<Json> receipt_of(const Project& project, const std::string& run) {
  RH_ASSIGN(const std::string text, read_file(project.settings().receipt(run)));
  Json receipt = Json::parse(text, nullptr, false);
  if (receipt.is_discarded())
    return fail(ErrorKind::kDamaged, fmt::format("the receipt of the run {} is no JSON", run));
  return receipt;
}

Result<Json> receipt_of_builds(Project& project, const std::string& wanted) {
  RH_ASSIGN(const auto history, project.history());
  std::vector<workflow::Run> runs;
  if (wanted.empty()) {
    RH_ASSIGN(runs, history->list(kRunsLookedThrough));
  } else {
    RH_ASSIGN(auto run, history->find(wanted));
    runs.push_back(std::move(run));
  }
  for (const auto& run : runs) {
    const auto receipt = receipt_of(project, run.id);
    if (receipt && receipt->is_object() && receipt->contains("models") && !(*receipt)["models"].empty())
      return *receipt;
  }
  if (wanted.empty()) return Json::object();
  return fail(ErrorKind::kNotFound, fmt::format("the run {} built nothing", runs.front().id),
              "Leave --run out for the newest that did.");
}

}  // namespace reelhouse::project

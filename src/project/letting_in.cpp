#include "project/letting_in.hpp"

#include "model/acceptances.hpp"
#include "project/receipts.hpp"

namespace reelhouse::project {

Result<> let_in(Project& project, const std::string& id, const std::string& table, const Clock& clock) {
  RH_ASSIGN(const auto history, project.history());
  RH_ASSIGN(const auto run, history->find(id));
  RH_ASSIGN(const Json receipt, receipt_of(project, run.id));
  const workflow::PipelineOptions places = project.pipeline_options();
  std::unique_ptr<model::BuildMirror> mirror;
  if (!places.store_bucket.empty()) {
    RH_ASSIGN(auto bucket, lake::open_store(places.store_bucket, {places.objects, 0}));
    mirror = std::make_unique<model::BuildMirror>(std::move(bucket));
  }
  const model::Acceptances acceptances(places.store, mirror.get());
  bool is_any = false;
  for (const auto& stopped : receipt.value("stopped", Json::array())) {
    RH_ASSIGN(const model::Loss loss, model::loss_from_json(stopped));
    if (loss.table != table) continue;
    RH_TRY(acceptances.add(loss, run.id, clock.now()));
    is_any = true;
  }
  if (is_any) return {};
  return fail(ErrorKind::kUsage,
              fmt::format("the run {} stopped on nothing of '{}'", run.id, table.substr(0, 100)),
              "Its receipt lists under `stopped` what it did stop on.");
}

}  // namespace reelhouse::project

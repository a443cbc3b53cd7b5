#include "model/builder.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/interrupt.hpp"
#include "base/progress.hpp"
#include "catalog/table_source.hpp"
#include "model/drops.hpp"
#include "model/materialise.hpp"

namespace reelhouse::model {
namespace {

using engine::quote_name;
using engine::quote_text;

}  // namespace

/// Hands nodes to worker threads as soon as their inputs are done.
class BuildQueue {
 public:
  BuildQueue(Builder& builder, const BuildOptions& options, const std::vector<bool>& wanted,
             const std::function<void(const ModelOutcome&)>& on_outcome)
      : builder_(builder),
        options_(options),
        wanted_(wanted),
        on_outcome_(on_outcome),
        states_(wanted.size(), State::kWaiting) {}

  Result<> run() {
    const int workers = std::max(1, options_.workers);
    std::vector<std::unique_ptr<engine::Session>> sessions;
    for (int i = 0; i < workers; ++i) {
      RH_ASSIGN(auto session, builder_.database_.connect());
      sessions.push_back(std::move(session));
    }
    const OnInterrupt stop([&] {
      for (auto& session : sessions) session->interrupt();
    });
    {
      std::vector<std::jthread> threads;
      for (auto& session : sessions) threads.emplace_back([this, &session] { work(*session); });
    }
    if (interrupted()) return fail(ErrorKind::kInterrupted, "the build was interrupted");
    if (first_error_) return fail(*first_error_);
    return {};
  }

 private:
  enum class State { kWaiting, kRunning, kDone, kBroken };

  void work(engine::Session& session) {
    std::unique_lock lock(mutex_);
    while (true) {
      const int node = next();
      if (node == kNothingLeft) return;
      if (node == kWait) {
        changed_.wait(lock);
        continue;
      }
      const auto i = static_cast<size_t>(node);
      states_[i] = State::kRunning;
      lock.unlock();
      Error error;
      const bool rebuild = options_.full_refresh && options_.selected[i];
      ModelOutcome outcome = builder_.make(i, rebuild, session, error);
      lock.lock();
      const bool failed = outcome.state == BuildState::kFailed;
      states_[i] = failed ? State::kBroken : State::kDone;
      if (failed && (!first_error_ || first_error_->kind == ErrorKind::kInterrupted)) first_error_ = error;
      record(std::move(outcome));
      changed_.notify_all();
    }
  }

  static constexpr int kNothingLeft = -1;
  static constexpr int kWait = -2;

  /// Finds a node whose inputs are done; skips those behind a failure on the way.
  int next() {
    bool running = false;
    for (size_t i = 0; i < states_.size(); ++i) {
      if (!wanted_[i]) continue;
      running = running || states_[i] == State::kRunning;
      if (states_[i] != State::kWaiting) continue;
      if (interrupted()) return kNothingLeft;
      bool ready = true;
      for (const size_t input : builder_.graph_.nodes[i].inputs) {
        if (states_[input] == State::kBroken) {
          skip(i, builder_.graph_.nodes[input].model->name);
          ready = false;
          break;
        }
        ready = ready && states_[input] == State::kDone;
      }
      if (ready) return static_cast<int>(i);
    }
    if (running) return kWait;
    const bool waiting = [&] {
      for (size_t i = 0; i < states_.size(); ++i)
        if (wanted_[i] && states_[i] == State::kWaiting) return true;
      return false;
    }();
    return waiting ? next() : kNothingLeft;
  }

  void skip(size_t i, const std::string& because) {
    states_[i] = State::kBroken;
    ModelOutcome outcome;
    outcome.model = builder_.graph_.nodes[i].model->name;
    outcome.error = because;
    record(std::move(outcome));
  }

  void record(ModelOutcome outcome) {
    on_outcome_(outcome);
    builder_.outcomes_.push_back(std::move(outcome));
  }

  Builder& builder_;
  const BuildOptions& options_;
  const std::vector<bool>& wanted_;
  const std::function<void(const ModelOutcome&)>& on_outcome_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<State> states_;
  std::optional<Error> first_error_;
};

bool Builder::all_known(const BuildOptions& options) const {
  if (options.full_refresh) return false;
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    const Model& model = *graph_.nodes[i].model;
    if (!options.selected[i] || model.materialisation == Materialisation::kView) continue;
    if (!curated_.find(model.name, prints_.at(model.name))) return false;
  }
  return true;
}

std::vector<ModelOutcome> Builder::known_outcomes() const {
  std::vector<ModelOutcome> outcomes;
  for (const auto& node : graph_.nodes) {
    if (node.model->materialisation == Materialisation::kView) continue;
    if (auto record = curated_.find(node.model->name, prints_.at(node.model->name)))
      outcomes.push_back({node.model->name, BuildState::kKnown, std::move(*record), ""});
  }
  return outcomes;
}

Result<> Builder::define_inputs() {
  RH_ASSIGN(auto session, database_.connect());
  RH_TRY(
      session->execute("create schema if not exists raw; create schema if not exists drops;"
                       "create schema if not exists seed; create schema if not exists rejected;"
                       "create schema if not exists audit"));
  std::vector<std::string> defined;
  for (const auto& table : tables_) {
    const auto* declared = project_.find_source_table(table.name);
    RH_TRY(database_.add_source("raw." + table.name, catalog::make_table_source(lake_, table, declared)));
    RH_TRY(define_drops(*session, table));
    defined.push_back(table.name);
  }
  for (const auto& source : project_.sources)
    for (const auto& declared : source.tables) {
      if (std::ranges::find(defined, declared.name) != defined.end()) continue;
      catalog::CatalogTable absent;
      absent.name = declared.name;
      absent.dataset = declared.dataset;
      RH_TRY(
          database_.add_source("raw." + declared.name, catalog::make_table_source(lake_, absent, &declared)));
      RH_TRY(define_drops(*session, absent));
    }
  for (const auto& seed : project_.seeds) {
    auto created = session->execute(
        fmt::format("create or replace table seed.{} as {}", quote_name(seed.name), read_seed(seed)));
    if (!created)
      return fail(ErrorKind::kProject, "reading the seed: " + created.error().message, "",
                  seed.file.string());
  }
  return {};
}

ModelOutcome Builder::make(size_t node, bool rebuild, engine::Session& session, Error& error) {
  const Model& model = *graph_.nodes[node].model;
  const std::string& print = prints_.at(model.name);
  ModelOutcome outcome;
  outcome.model = model.name;
  const auto failed = [&](const Error& cause) {
    error = cause;
    outcome.state = BuildState::kFailed;
    outcome.error = cause.to_string();
    return outcome;
  };
  const std::string name = quote_name(model.name);
  if (model.materialisation == Materialisation::kView) {
    outcome.state = BuildState::kView;
    outcome.record.model = model.name;
    outcome.record.fingerprint = print;
    auto made = session.execute(fmt::format("create or replace view {} as {}", name, model.statement()));
    return made ? outcome : failed(locate(made.error(), model.sql, model.file.string(), 1));
  }
  if (auto known = rebuild ? std::nullopt : curated_.find(model.name, print)) {
    outcome.state = BuildState::kKnown;
    outcome.record = std::move(*known);
  } else {
    const Progress progress("building " + model.name, 0, "rows");
    const auto start = std::chrono::steady_clock::now();
    auto folder = curated_.begin(model.name, print);
    if (!folder) return failed(folder.error());
    const auto& raw = graph_.nodes[node].raw;
    auto record = materialise(model, *folder, session, raw.size() == 1 ? raw.front() : "");
    if (!record) {
      std::error_code code;
      std::filesystem::remove_all(*folder, code);
      return failed(record.error());
    }
    record->fingerprint = print;
    record->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (auto finished = curated_.finish(*folder, *record); !finished) return failed(finished.error());
    outcome.state = BuildState::kBuilt;
    outcome.record = std::move(*record);
  }
  const auto folder = curated_.folder(model.name, print);
  std::string views = fmt::format("create or replace view {} as {}", name, read_build(folder));
  if (!model.rejects.empty())
    views += fmt::format("; create or replace view rejected.{} as {}", name,
                         read_rejected(folder, outcome.record));
  auto made = session.execute(views);
  return made ? outcome : failed(made.error());
}

Result<> Builder::build(const BuildOptions& options,
                        const std::function<void(const ModelOutcome&)>& on_outcome) {
  outcomes_.clear();
  const std::vector<bool> wanted = graph_.upstream(options.selected);
  return BuildQueue(*this, options, wanted, on_outcome).run();
}

Result<> Builder::define_audit() {
  RH_ASSIGN(auto session, database_.connect());
  RH_TRY(session->execute(
      "create or replace table audit.rejected (model varchar, object varchar, line bigint, col varchar, "
      "reason varchar, value varchar, double boolean)"));
  for (const auto& outcome : outcomes_) {
    if (outcome.record.rejected == 0) continue;
    const auto file = curated_.folder(outcome.model, outcome.record.fingerprint) / "_rejected.parquet";
    RH_TRY(session->execute(
        fmt::format("insert into audit.rejected select {}, _object, _line, col, reason, value, double from "
                    "read_parquet({})",
                    quote_text(outcome.model), quote_text(file.string()))));
  }
  for (const auto& table : tables_)
    for (const auto& object : table.objects) {
      if (object.profile.rejected == 0) continue;
      RH_ASSIGN(const auto rejects, catalog_.rejects(object.info.key));
      for (const auto& reject : rejects) {
        RH_ASSIGN(const auto inserted,
                  session->query("insert into audit.rejected values ($1, $2, $3, $4, $5, $6, false)",
                                 {"raw." + table.name, object.info.key, static_cast<int64_t>(reject.line),
                                  reject.column, reject.reason, reject.text}));
        (void)inserted;
      }
    }
  return {};
}

}  // namespace reelhouse::model

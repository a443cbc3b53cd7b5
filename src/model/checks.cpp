#include "model/checks.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/interrupt.hpp"
#include "base/json.hpp"
#include "base/progress.hpp"

namespace reelhouse::model {
namespace {

constexpr size_t kExamples = 5;

struct Job {
  const Check* check;
  std::string key;  ///< hash of the check and of the fingerprints of all that it reads
};

/// Says which check an error is about; other errors than of its SQL stay as they are.
Error blame(const Check& check, const Error& cause) {
  if (cause.kind != ErrorKind::kQuery) return cause;
  Error error = locate(cause, check.sql, check.where, 1);
  error.where = check.where;
  error.message = fmt::format("check '{}' of {}: {}", check.name, check.model, error.message);
  return error;
}

/// True when a check reads a model that this build left out: with a selection it cannot be run.
bool reads_unbuilt(const engine::References& references, const Graph& graph,
                   const std::vector<ModelOutcome>& built) {
  return std::ranges::any_of(references.tables, [&](const auto& table) {
    return (table.schema.empty() || table.schema == "rejected") && graph.find(table.name) >= 0 &&
           std::ranges::find(built, table.name, &ModelOutcome::model) == built.end();
  });
}

/// Hashes a check with the helper functions it uses and the fingerprint of everything that its SQL names.
std::string key_of(const Check& check, const engine::References& references,
                   const std::map<std::string, std::string>& prints, const std::string& all_prints) {
  std::string text = check.sql + "\n" + helper_definitions(references.functions);
  for (const auto& table : references.tables) {
    const auto print = prints.find(table.schema.empty() ? table.name : table.schema + "." + table.name);
    text += print == prints.end() ? all_prints : print->second;
    text += "\n";
  }
  return sha256(text).substr(0, 24);
}

/// Renders a failing row as "a = 1, b = x", at most 300 bytes and no part of a character.
std::string example_of(const engine::Rows& rows, size_t row) {
  constexpr size_t kLongest = 300;
  std::string text;
  for (size_t column = 0; column < rows.columns.size() && text.size() < kLongest; ++column)
    text += fmt::format("{}{} = {}", column ? ", " : "", rows.columns[column].name, rows.text(row, column));
  if (text.size() <= kLongest) return text;
  size_t end = kLongest;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

/// Begins the result of a check that has not passed yet.
CheckResult result_of(const Check& check) {
  return {.model = check.model,
          .name = check.name,
          .description = check.description,
          .severity = check.severity,
          .examples = {},
          .where = check.where};
}

/// Runs one check: the failing rows are counted while they stream, so none is kept but the examples.
Result<CheckResult> run_check(const Check& check, engine::Session& session) {
  CheckResult result = result_of(check);
  const auto start = std::chrono::steady_clock::now();
  auto ran = session.stream(check.sql, [&](const engine::Rows& rows) {
    for (size_t row = 0; row < rows.rows.size() && result.examples.size() < kExamples; ++row)
      result.examples.push_back(example_of(rows, row));
    result.failures += rows.rows.size();
    return true;
  });
  if (!ran) return fail(blame(check, ran.error()));
  result.passed = result.failures == 0;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace

PassedChecks::PassedChecks(std::filesystem::path file) : file_(std::move(file)) {
  const auto text = read_file(file_);
  if (!text) return;
  const Json json = Json::parse(*text, nullptr, false);
  if (json.is_array())
    for (const auto& key : json)
      if (key.is_string()) keys_.push_back(key.get<std::string>());
  std::ranges::sort(keys_);
}

bool PassedChecks::contains(const std::string& key) const {
  return std::ranges::binary_search(keys_, key);
}

Result<> PassedChecks::save(const std::vector<std::string>& keys) {
  keys_ = keys;
  std::ranges::sort(keys_);
  return write_file_atomically(file_, Json(keys_).dump());
}

Result<CheckRun> run_checks(const Builder& builder, const Graph& graph, engine::Database& database,
                            PassedChecks& passed, int workers) {
  RH_ASSIGN(auto planner, database.connect());
  std::string all_prints;
  for (const auto& [name, print] : builder.prints()) all_prints += print;
  std::vector<Job> jobs;
  CheckRun run;
  for (const auto& outcome : builder.outcomes()) {
    const int node = graph.find(outcome.model);
    for (const auto& check : graph.nodes[static_cast<size_t>(node)].model->checks) {
      const auto references = planner->references_of(check.sql);
      if (!references) return fail(blame(check, references.error()));
      if (reads_unbuilt(*references, graph, builder.outcomes()))
        run.left_out.push_back(check.model + "." + check.name);
      else
        jobs.push_back({&check, key_of(check, *references, builder.prints(), all_prints)});
    }
  }
  auto& results = run.results;
  results.resize(jobs.size());
  std::vector<std::unique_ptr<engine::Session>> sessions;
  for (int i = 0; i < std::max(1, workers); ++i) {
    RH_ASSIGN(auto session, database.connect());
    sessions.push_back(std::move(session));
  }
  const OnInterrupt stop([&] {
    for (auto& session : sessions) session->interrupt();
  });
  std::atomic<size_t> next{0};
  std::mutex mutex;
  std::optional<Error> first_error;
  Progress progress("checking", jobs.size(), "checks");
  const auto work = [&](engine::Session& session) {
    for (size_t i = next++; i < jobs.size(); i = next++) {
      const Check& check = *jobs[i].check;
      progress.add(1);
      if (passed.contains(jobs[i].key)) {
        results[i] = result_of(check);
        results[i].passed = results[i].known = true;
        continue;
      }
      auto result = run_check(check, session);
      const std::lock_guard lock(mutex);
      if (result) {
        results[i] = std::move(*result);
      } else {
        if (!first_error) first_error = result.error();
        next = jobs.size();
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (auto& session : sessions) threads.emplace_back([&work, &session] { work(*session); });
  }
  if (interrupted()) return fail(ErrorKind::kInterrupted, "the checks were interrupted");
  if (first_error) return fail(*first_error);
  std::vector<std::string> keys;
  for (size_t i = 0; i < jobs.size(); ++i)
    if (results[i].passed) keys.push_back(jobs[i].key);
  RH_TRY(passed.save(keys));
  return run;
}

}  // namespace reelhouse::model

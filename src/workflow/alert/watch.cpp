#include "workflow/alert/watch.hpp"

#include <algorithm>

namespace reelhouse::workflow {
namespace {

using namespace std::chrono_literals;

constexpr int kNewest = 50;                       ///< runs looked at for what is new
constexpr int kFewRuns = 10;                      ///< of a workflow, before all of them are read
constexpr auto kRound = 30s;                      ///< between two looks of a channel at what is due again
constexpr auto kOldNews = std::chrono::days(30);  ///< a schema change that was not told by then never is

std::string fingerprint_of(const Run& run) {
  return std::string(name_of(run.state)) + " " + run.ended;
}

}  // namespace

Result<std::unique_ptr<Watch>> Watch::open(WatchOptions options, const RunHistory& history,
                                           const Clock& clock) {
  RH_ASSIGN(auto state, open_alert_state(options.file, clock.now()));
  std::unique_ptr<Watch> watch(new Watch(std::move(options), history, clock, std::move(state)));
  for (const Channel& channel : watch->options_.book.channels)
    watch->threads_.emplace_back([self = watch.get(), &channel] { self->deliver_to(channel); });
  return watch;
}

Watch::Watch(WatchOptions options, const RunHistory& history, const Clock& clock,
             std::unique_ptr<AlertState> state)
    : options_(std::move(options)), history_(history), clock_(clock), state_(std::move(state)) {
  if (options_.deliver) return;
  options_.deliver = [this](const Notice& notice, const Channel& channel) {
    return workflow::deliver(notice, channel,
                             {.project = options_.project, .stop = [this] { return stopping_.load(); }},
                             clock_.now());
  };
}

Watch::~Watch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void Watch::look() {
  const std::lock_guard looking(looking_);
  std::vector<std::string> answered;  // rules of which it is known now whether they hold
  const auto answer = [&](AlertKind kind) {
    for (const auto& rule : options_.book.rules)
      if (rule.on == kind) answered.push_back(rule.name);
  };
  const auto fresh = look_at_freshness();
  warn("freshness", fresh);
  if (fresh) answer(AlertKind::kLate);
  if (!options_.book.rules.empty()) {
    std::vector<Outcome> outcomes;
    const auto runs = look_at_runs(outcomes);
    warn("runs", runs);
    if (runs) {
      answer(AlertKind::kFailed);
      answer(AlertKind::kCheckFailed);
      answer(AlertKind::kStopped);
    }
    auto troubles = troubles_of(options_.book, outcomes, freshness(), options_.dataset_of);
    look_at_metrics(answered, troubles);
    std::erase_if(troubles, [&](const Trouble& trouble) {
      return std::ranges::find(answered, trouble.rule) == answered.end();
    });
    const auto updated = state_->update(options_.book, answered, troubles, clock_.now());
    warn("memory", updated ? Result<>() : fail(updated.error()));
  }
  {
    const std::lock_guard lock(mutex_);
    ++looks_;
  }
  wake_.notify_all();
}

Result<> Watch::look_at_freshness() {
  if (!options_.freshness) return {};
  RH_ASSIGN(auto found, options_.freshness());
  const std::lock_guard lock(mutex_);
  freshness_ = std::move(found);
  return {};
}

/// Reads only what changed since the last look: the outcomes of workflows that have a new or newly ended run.
Result<> Watch::look_at_runs(std::vector<Outcome>& outcomes) {
  RH_ASSIGN(const int64_t change, history_.change_count());
  if (change != seen_change_) {
    RH_ASSIGN(const auto newest, history_.list(kNewest));
    const bool first = !seen_change_;
    // All of them new: others may have come and ended before them.
    const bool all_new = newest.size() == kNewest && !seen_runs_.contains(newest.back().id);
    RH_ASSIGN(const auto changed, changed_runs(newest));
    std::set<std::string> touched;
    for (const Run& run : changed) touched.insert(run.workflow);
    for (const auto& workflow : options_.workflows) {
      if (!first && !all_new && !touched.contains(workflow)) continue;
      RH_ASSIGN(outcomes_[workflow], outcome_from_history(workflow));
    }
    RH_TRY(look_at_schemas(changed));
    seen_runs_.clear();
    for (const Run& run : newest) seen_runs_[run.id] = fingerprint_of(run);
    for (const Run& run : changed)
      if (!has_ended(run.state)) seen_runs_[run.id] = fingerprint_of(run);
    seen_change_ = change;
  }
  for (auto& [workflow, outcome] : outcomes_) {
    RH_TRY(look_at_stops(outcome));
    outcomes.push_back(outcome);
  }
  return {};
}

/// Picks the runs that are new or went on since the last look, also those that others have pushed out of the
/// newest while they ran; with those of them that still run, so that they are not lost sight of.
Result<std::vector<Run>> Watch::changed_runs(const std::vector<Run>& newest) const {
  std::vector<Run> changed;
  std::set<std::string> listed;
  for (const Run& run : newest) {
    listed.insert(run.id);
    const auto before = seen_runs_.find(run.id);
    if (before == seen_runs_.end() || before->second != fingerprint_of(run)) changed.push_back(run);
  }
  for (const auto& [id, fingerprint] : seen_runs_) {
    const bool ran = fingerprint == "running " || fingerprint == "queued ";
    if (!ran || listed.contains(id)) continue;
    auto run = history_.find(id);
    if (run)
      changed.push_back(std::move(*run));
    else if (run.error().kind != ErrorKind::kNotFound)
      return fail(std::move(run).error());
  }
  return changed;
}

Result<Outcome> Watch::outcome_from_history(const std::string& workflow) const {
  RH_ASSIGN(const auto few, history_.list(kFewRuns, workflow));
  Outcome outcome = outcome_since_success(workflow, few);
  if (outcome.decided || few.size() < kFewRuns || (outcome.failed && outcome.check_failed)) return outcome;
  RH_ASSIGN(const auto all, history_.list(0, workflow));
  return outcome_since_success(workflow, all);
}

/// Reads what the run that failed a check stopped on; again at the next look where its receipt is not there yet.
Result<> Watch::look_at_stops(Outcome& outcome) const {
  if (!outcome.check_failed || outcome.stops_known) return {};
  if (!options_.receipt || !options_.book.watches(AlertKind::kStopped)) return {};
  const auto receipt = options_.receipt(outcome.check_failed->id);
  if (!receipt && receipt.error().kind == ErrorKind::kNotFound) return {};
  if (!receipt) return fail(receipt.error());
  outcome.stops_known = true;
  if (receipt->is_object()) outcome.stopped = receipt->value("stopped", Json::array());
  return {};
}

Result<> Watch::look_at_schemas(const std::vector<Run>& runs) {
  if (!options_.receipt || !options_.book.watches(AlertKind::kSchemaChange)) return {};
  const Time now = clock_.now();
  for (const Run& run : runs) {
    const auto ended = parse_iso(run.ended);
    if (!has_ended(run.state) || !ended || *ended < state_->begun() || *ended < now - kOldNews) continue;
    const auto receipt = options_.receipt(run.id);
    if (!receipt && receipt.error().kind == ErrorKind::kNotFound) continue;
    if (!receipt) return fail(receipt.error());
    if (!receipt->is_object() || !receipt->contains("changes")) continue;
    for (const AlertRule& rule : options_.book.rules) {
      if (rule.on != AlertKind::kSchemaChange) continue;
      if (const auto trouble = schema_trouble(rule, run.id, (*receipt)["changes"], options_.dataset_of))
        RH_TRY(state_->happened(options_.book, *trouble, now));
    }
  }
  return {};
}

/// Asks a measure when the published version is another one than it was asked of.
void Watch::look_at_metrics(std::vector<std::string>& answered, std::vector<Trouble>& troubles) {
  if (!options_.measure || !options_.version || !options_.book.watches(AlertKind::kMetric)) return;
  const auto version = options_.version();
  warn("version", version ? Result<>() : fail(version.error()));
  if (!version || !*version) return;
  for (const AlertRule& rule : options_.book.rules) {
    if (rule.on != AlertKind::kMetric) continue;
    auto& [asked, value] = measured_[rule.name];
    if (asked != *version) {
      const auto measured = options_.measure(rule.measure, rule.filter);
      warn("alert " + rule.name, measured ? Result<>() : fail(measured.error()));
      if (!measured) continue;
      asked = *version;
      value = *measured;
    }
    if (!value) continue;
    answered.push_back(rule.name);
    if (auto trouble = metric_trouble(rule, *value)) troubles.push_back(std::move(*trouble));
  }
}

void Watch::warn(const std::string& about, const Result<>& result) {
  {
    const std::lock_guard lock(mutex_);
    if (result) {
      warned_.erase(about);
      return;
    }
    std::string& before = warned_[about];
    if (before == result.error().message) return;
    before = result.error().message;
  }
  if (options_.warn) options_.warn(result.error());
}

void Watch::deliver_to(const Channel& channel) {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const uint64_t look = looks_;
    lock.unlock();
    while (!stopping_ && deliver_next(channel)) {
    }
    lock.lock();
    rounds_[channel.name] = look;
    wake_.notify_all();
    wake_.wait_for(lock, kRound, [&] { return stopping_ || looks_ != look; });
  }
}

/// Takes one notice that is due and tries to deliver it; false when there is none, or none can be taken.
bool Watch::deliver_next(const Channel& channel) {
  const auto claimed = state_->claim(channel.name, clock_.now());
  warn("memory " + channel.name, claimed ? Result<>() : fail(claimed.error()));
  if (!claimed || !*claimed) return false;
  const Notice& notice = **claimed;
  const auto sent = attempt(channel, notice);
  if (!sent && sent.error().kind == ErrorKind::kInterrupted && stopping_) return false;
  warn("channel " + channel.name, sent);
  const auto noted = sent ? state_->delivered(notice.number)
                          : state_->not_delivered(notice.number, sent.error().message, clock_.now());
  warn("memory " + channel.name, noted);
  const std::lock_guard lock(mutex_);
  if (sent && !noted) sent_.insert(notice.number);
  if (noted) sent_.erase(notice.number);
  return noted.has_value();
}

/// What was sent but could not be noted (the disk was full) is not sent again.
Result<> Watch::attempt(const Channel& channel, const Notice& notice) {
  {
    const std::lock_guard lock(mutex_);
    if (sent_.contains(notice.number)) return {};
  }
  return options_.deliver(notice, channel);
}

Result<int> Watch::settle(std::chrono::milliseconds most) {
  {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, most, [&] {
      return std::ranges::all_of(options_.book.channels,
                                 [&](const Channel& channel) { return rounds_[channel.name] == looks_; });
    });
  }
  RH_ASSIGN(const AlertCounts counts, state_->counts());
  return counts.waiting;
}

std::vector<Freshness> Watch::freshness() const {
  const std::lock_guard lock(mutex_);
  return freshness_;
}

}  // namespace reelhouse::workflow

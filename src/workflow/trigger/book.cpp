#include "workflow/trigger/book.hpp"

#include <algorithm>
#include <functional>
#include <queue>
#include <set>

#include "workflow/trigger/marks.hpp"
#include "workflow/trigger/object_batch.hpp"
#include "workflow/trigger/object_memory.hpp"
#include "workflow/trigger/overdue.hpp"
#include "workflow/trigger/requests.hpp"

namespace reelhouse::workflow {
namespace {

/// What all kinds of triggers have. `known` says that there is a mark of the trigger as it is defined now.
struct Entry : TriggerOf {
  bool known = false;

  std::string id() const { return owner->name + "/" + name; }
};

struct Schedule : Entry {
  ScheduleTrigger trigger;
  Zone zone = Zone::utc();
  ScheduleMark mark;
  std::optional<Time> next;
};

struct Objects : Entry {
  ObjectsTrigger trigger;
  ObjectsMark mark;
};

struct After : Entry {
  AfterTrigger trigger;
  AfterMark mark;
};

bool is_met(Condition::Are wanted, RunState state) {
  const bool check_failed = state == RunState::kCheckFailed;
  switch (wanted) {
    case Condition::Are::kSucceeded:
      return state == RunState::kSucceeded;
    case Condition::Are::kFailed:
      return check_failed || state == RunState::kFailed || state == RunState::kDied;
    case Condition::Are::kCheckFailed:
      return check_failed;
    case Condition::Are::kEnded:
      return has_ended(state) && state != RunState::kSkipped;
  }
  return false;
}

}  // namespace

struct TriggerBook::State {
  std::vector<std::unique_ptr<TriggerOwner>> owners;
  std::vector<Schedule> schedules;
  std::vector<Objects> objects;
  std::vector<After> afters;
  std::multimap<std::string, size_t> followers;  ///< workflow that ends -> its `afters`
  std::multimap<std::string, size_t> watchers;   ///< prefix -> its `objects`
  size_t unlisted = 0;                           ///< objects triggers that have not seen a listing
  ObjectMemory memory;
  std::vector<std::string> gone;  ///< marks of triggers that are no more
  std::set<size_t> waiting;       ///< objects triggers with a batch that time will complete
  bool begun = false;
  Time seen{};  ///< the time as last told

  using Due = std::pair<Time, size_t>;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> queue;  ///< schedules by their next firing

  Result<> add(const Workflow& workflow, const std::map<std::string, std::string>& marks);
  Result<Schedule> schedule_of(const Entry& entry, const ScheduleTrigger& trigger,
                               const std::string& remembered);
  void look(Time now, Firings& firings);
  void begin(Time now, Firings& firings);
  void set_back(Time now, Firings& firings);
  void plan();
  void settle(Schedule& schedule, Time now, Firings& firings);
  void add_changes(size_t index, std::span<const ObjectChange> changes, Time now, Firings& firings);
  void fire_batch(size_t index, Time now, Firings& firings);

  std::map<std::string, Zone> zones;
};

Result<> TriggerBook::State::add(const Workflow& workflow, const std::map<std::string, std::string>& marks) {
  owners.push_back(std::make_unique<TriggerOwner>(TriggerOwner{workflow.name, workflow.properties}));
  for (const auto& trigger : workflow.triggers) {
    const Entry entry{{owners.back().get(), trigger.name}, false};
    const auto found = marks.find(entry.id());
    const std::string remembered = found == marks.end() ? "" : found->second;
    if (trigger.schedule) {
      RH_ASSIGN(auto schedule, schedule_of(entry, *trigger.schedule, remembered));
      schedules.push_back(std::move(schedule));
    } else if (trigger.objects) {
      Objects made{entry, *trigger.objects, {}};
      const auto mark = ObjectsMark::read(remembered);
      made.known = mark && mark->prefix == made.trigger.prefix;
      made.mark = made.known ? *mark : ObjectsMark{made.trigger.prefix, {}, {}};
      objects.push_back(std::move(made));
    } else if (trigger.after) {
      After made{entry, *trigger.after, {}};
      const auto mark = AfterMark::read(remembered);
      const int are = static_cast<int>(made.trigger.are);
      made.known = mark && mark->workflow == made.trigger.workflow && mark->are == are;
      made.mark = made.known ? *mark : AfterMark{made.trigger.workflow, are, {}};
      followers.emplace(made.trigger.workflow, afters.size());
      afters.push_back(std::move(made));
    }
  }
  return {};
}

Result<Schedule> TriggerBook::State::schedule_of(const Entry& entry, const ScheduleTrigger& trigger,
                                                 const std::string& remembered) {
  auto zone = zones.find(trigger.zone);
  if (zone == zones.end()) {
    RH_ASSIGN(auto found, Zone::find(trigger.zone));
    zone = zones.emplace(trigger.zone, std::move(found)).first;
  }
  Schedule made{entry, trigger, zone->second, {}, {}};
  const auto mark = ScheduleMark::read(remembered);
  made.known = mark && mark->cron == trigger.cron.text() && mark->zone == trigger.zone;
  made.mark = made.known ? *mark : ScheduleMark{trigger.cron.text(), trigger.zone, {}, {}};
  return made;
}

/// Looks at the clock before anything else: begins what is new, and notices a clock that was set back.
void TriggerBook::State::look(Time now, Firings& firings) {
  if (!begun) begin(now, firings);
  if (now < seen) set_back(now, firings);
  seen = now;
}

void TriggerBook::State::begin(Time now, Firings& firings) {
  begun = true;
  for (auto& schedule : schedules) {
    if (schedule.known) continue;
    schedule.known = true;
    schedule.mark.until = now;
    firings.marks.push_back({schedule.id(), schedule.mark.content()});
  }
  for (auto& after : afters) {
    if (after.known) continue;
    after.known = true;
    after.mark.since = now;
    firings.marks.push_back({after.id(), after.mark.content()});
  }
  for (const auto& mark : gone) firings.marks.push_back({mark, ""});
  gone.clear();
  std::ranges::move(memory.changed_marks(), std::back_inserter(firings.marks));
  set_back(now, firings);
  plan();
}

/// Begins anew what lies in a future that turned out not to be one. A schedule that is settled for longer
/// than kTrusted ahead was told a wrong time before; it goes on now, but does not repeat what it has settled.
void TriggerBook::State::set_back(Time now, Firings& firings) {
  bool moved = false;
  for (auto& schedule : schedules) {
    auto& mark = schedule.mark;
    if (mark.until - now <= kTrusted) continue;
    mark.once_was = std::max(mark.until, mark.once_was.value_or(mark.until));
    mark.until = now;
    firings.marks.push_back({schedule.id(), mark.content()});
    moved = true;
  }
  for (auto& after : afters) {
    if (after.mark.since <= now) continue;
    after.mark.since = now;
    firings.marks.push_back({after.id(), after.mark.content()});
  }
  for (auto& entry : objects) {
    if (!entry.mark.since || *entry.mark.since <= now) continue;
    entry.mark.since = now;
    firings.marks.push_back({entry.id(), entry.mark.content()});
  }
  if (moved) plan();
}

void TriggerBook::State::plan() {
  queue = {};
  for (size_t index = 0; index < schedules.size(); ++index) {
    auto& schedule = schedules[index];
    schedule.next = schedule.trigger.cron.next(schedule.mark.until, schedule.zone);
    if (schedule.next) queue.emplace(*schedule.next, index);
  }
}

void TriggerBook::State::settle(Schedule& schedule, Time now, Firings& firings) {
  auto& mark = schedule.mark;
  Time from = mark.until;
  if (mark.once_was) from = std::max(from, std::min(*mark.once_was, now - kGrace));
  const auto due = overdue(schedule.trigger.cron, schedule.zone, from, now, kMostMissed);
  schedule_runs(schedule, schedule.trigger, due, now, firings.runs);
  mark.until = due.at.empty() ? now : due.at.back();
  if (mark.once_was && *mark.once_was <= mark.until) mark.once_was.reset();
  firings.marks.push_back({schedule.id(), mark.content()});
}

void TriggerBook::State::add_changes(size_t index, std::span<const ObjectChange> changes, Time now,
                                     Firings& firings) {
  auto& entry = objects[index];
  const bool waited = !entry.mark.batch.empty();
  const auto before = waited ? entry.mark.content() : "";
  add_to_batch(entry.mark, entry.trigger, changes, now);
  if (is_complete(entry.mark, entry.trigger, now)) {
    fire_batch(index, now, firings);
    if (!waited) return;
  }
  if (entry.mark.batch.empty() && !waited) return;
  auto content = entry.mark.content();
  if (content != before) firings.marks.push_back({entry.id(), std::move(content)});
  if (batch_time(entry.mark, entry.trigger))
    waiting.insert(index);
  else
    waiting.erase(index);
}

/// Leaves the mark to the caller.
void TriggerBook::State::fire_batch(size_t index, Time now, Firings& firings) {
  auto& entry = objects[index];
  const Time due = std::min(now, batch_time(entry.mark, entry.trigger).value_or(now));
  auto request = request_of(entry, CauseKind::kObjects, to_iso(due), describe_batch(entry.mark));
  put_batch(entry.mark, request.properties);
  firings.runs.push_back(std::move(request));
  entry.mark.batch.clear();
  entry.mark.since.reset();
}

TriggerBook::TriggerBook(std::unique_ptr<State> state) : state_(std::move(state)) {}
TriggerBook::TriggerBook(TriggerBook&&) noexcept = default;
TriggerBook& TriggerBook::operator=(TriggerBook&&) noexcept = default;
TriggerBook::~TriggerBook() = default;

Result<TriggerBook> TriggerBook::open(const std::vector<Workflow>& workflows,
                                      const std::map<std::string, std::string>& marks) {
  auto state = std::make_unique<State>();
  for (const auto& workflow : workflows) RH_TRY(state->add(workflow, marks));

  const bool whole = state->memory.load(marks);
  for (auto& entry : state->objects)
    if (!whole) {
      entry.known = false;
      entry.mark = {entry.trigger.prefix, {}, {}};
    }
  for (size_t index = 0; index < state->objects.size(); ++index) {
    const auto& entry = state->objects[index];
    state->watchers.emplace(entry.trigger.prefix, index);
    if (!entry.known) ++state->unlisted;
    if (batch_time(entry.mark, entry.trigger)) state->waiting.insert(index);
  }

  std::set<std::string> used;
  for (const auto& entry : state->schedules) used.insert(entry.id());
  for (const auto& entry : state->objects) used.insert(entry.id());
  for (const auto& entry : state->afters) used.insert(entry.id());
  for (const auto& [name, content] : marks)
    if (!content.empty() && !ObjectMemory::owns(name) && !used.contains(name)) state->gone.push_back(name);

  TriggerBook book(std::move(state));
  book.state_->memory.keep_only(book.prefixes());
  return book;
}

Firings TriggerBook::due(Time now) {
  Firings firings;
  state_->look(now, firings);
  auto& queue = state_->queue;
  while (!queue.empty() && queue.top().first <= now) {
    const size_t index = queue.top().second;
    queue.pop();
    auto& schedule = state_->schedules[index];
    state_->settle(schedule, now, firings);
    schedule.next = schedule.trigger.cron.next(schedule.mark.until, schedule.zone);
    if (schedule.next) queue.emplace(*schedule.next, index);
  }
  std::vector<size_t> complete;
  for (const size_t index : state_->waiting)
    if (is_complete(state_->objects[index].mark, state_->objects[index].trigger, now))
      complete.push_back(index);
  for (const size_t index : complete) {
    state_->fire_batch(index, now, firings);
    state_->waiting.erase(index);
    firings.marks.push_back({state_->objects[index].id(), state_->objects[index].mark.content()});
  }
  std::ranges::stable_sort(firings.runs, {}, [](const RunRequest& run) { return run.cause.due; });
  return firings;
}

Firings TriggerBook::listed(const std::string& prefix, const std::vector<lake::ObjectInfo>& objects,
                            Time now) {
  Firings firings;
  state_->look(now, firings);
  const auto changes = state_->memory.update(prefix, objects);
  if (changes.empty() && state_->unlisted == 0) return firings;
  for (auto watcher = state_->watchers.lower_bound(prefix);
       watcher != state_->watchers.end() && watcher->first.starts_with(prefix); ++watcher) {
    auto& entry = state_->objects[watcher->second];
    if (entry.known) {
      state_->add_changes(watcher->second, changes, now, firings);
    } else {
      entry.known = true;
      --state_->unlisted;
      firings.marks.push_back({entry.id(), entry.mark.content()});
    }
  }
  std::ranges::move(state_->memory.changed_marks(), std::back_inserter(firings.marks));
  return firings;
}

Firings TriggerBook::ended(const std::vector<Run>& runs, Time now) {
  Firings firings;
  state_->look(now, firings);
  std::map<size_t, std::vector<const Run*>> followed;
  for (const auto& run : runs) {
    if (!has_ended(run.state)) continue;
    firings.told.push_back(run.id);
    const auto [first, last] = state_->followers.equal_range(run.workflow);
    for (auto follower = first; follower != last; ++follower) {
      const auto& after = state_->afters[follower->second];
      const bool counts = run.ended.empty() || run.ended >= to_iso(after.mark.since);
      if (counts && is_met(after.trigger.are, run.state)) followed[follower->second].push_back(&run);
    }
  }
  for (auto& [index, met] : followed) {
    std::ranges::stable_sort(met, {}, [](const Run* run) { return run->ended; });
    after_runs(state_->afters[index], state_->afters[index].trigger, met, now, firings.runs);
  }
  return firings;
}

std::vector<std::string> TriggerBook::prefixes() const {
  std::set<std::string> all;
  for (const auto& entry : state_->objects) all.insert(entry.trigger.prefix);
  std::vector<std::string> roots;
  for (const auto& prefix : all)
    if (roots.empty() || !prefix.starts_with(roots.back())) roots.push_back(prefix);
  return roots;
}

std::vector<NextFiring> TriggerBook::next_firings(Time now, int count) const {
  std::vector<NextFiring> all;
  for (const auto& schedule : state_->schedules) {
    const bool ahead = schedule.known && schedule.mark.until - now <= kTrusted;
    Time at = ahead ? std::max(now, schedule.mark.until) : now;
    for (int index = 0; index < count; ++index) {
      const auto next = schedule.trigger.cron.next(at, schedule.zone);
      if (!next) break;
      at = *next;
      all.push_back({schedule.owner->name, schedule.name, at});
    }
  }
  std::ranges::stable_sort(all, {}, &NextFiring::at);
  return all;
}

}  // namespace reelhouse::workflow

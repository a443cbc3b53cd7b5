#pragma once

#include <span>

#include "workflow/define/definition.hpp"
#include "workflow/trigger/object_memory.hpp"

namespace reelhouse::workflow {

/// Adds changes of objects to the batch that waits in `mark`, as far as the trigger watches them (its prefix,
/// its kinds of change). A batch says how objects differ from when it began: one that came and went again is
/// not in it.
void add_to_batch(ObjectsMark& mark, const ObjectsTrigger& trigger, std::span<const ObjectChange> changes,
                  Time now);

/// Tells when the batch that waits fires, as far as time decides: nothing when none waits, or when only its
/// count can complete it.
std::optional<Time> batch_time(const ObjectsMark& mark, const ObjectsTrigger& trigger);

/// Tells whether the batch that waits is complete at `now`, by count or by time.
bool is_complete(const ObjectsMark& mark, const ObjectsTrigger& trigger, Time now);

/// Describes a batch for people: "3 objects below raw/shop/: 2 created, 1 deleted (raw/shop/a.csv, ...)".
std::string describe_batch(const ObjectsMark& mark);

/// Gives a batch to a run: trigger.count, and trigger.keys (the first 100, a line each).
void put_batch(const ObjectsMark& mark, Properties& properties);

}  // namespace reelhouse::workflow

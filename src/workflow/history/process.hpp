#pragma once

#include <cstdint>
#include <string>

namespace reelhouse::workflow {

/// Tells one process from every other, also from a later one with the same id: its id, when it
/// started (clock ticks since boot, `starttime` of proc(5)), and the boot it belongs to.
struct ProcessIdentity {
  int id = 0;
  int64_t start_ticks = 0;
  std::string boot;
};

ProcessIdentity this_process();

/// True while that very process runs; a zombie, and a process of an earlier boot, is gone.
bool is_alive(const ProcessIdentity& process);

/// Reads state and start time from a line of /proc/<id>/stat, whose second field (the program's
/// name in brackets) may itself hold blanks and brackets. False when it is no such line.
bool parse_process_stat(const std::string& line, char& state, int64_t& start_ticks);

}  // namespace reelhouse::workflow

#include "workflow/history/process.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <sstream>

#include "base/files.hpp"

namespace reelhouse::workflow {
namespace {

std::string boot_id() {
  std::string id = read_file("/proc/sys/kernel/random/boot_id").value_or("");
  while (!id.empty() && (id.back() == '\n' || id.back() == ' ')) id.pop_back();
  return id;
}

bool read_stat(int process, char& state, int64_t& start_ticks) {
  const auto line = read_file(fmt::format("/proc/{}/stat", process));
  return line && parse_process_stat(*line, state, start_ticks);
}

}  // namespace

bool parse_process_stat(const std::string& line, char& state, int64_t& start_ticks) {
  constexpr int kFieldsBetween = 18;  // from the 4th field to the 21st; the start is the 22nd
  const size_t bracket = line.rfind(')');
  if (bracket == std::string::npos) return false;
  std::istringstream fields(line.substr(bracket + 1));
  fields >> state;
  std::string skipped;
  for (int i = 0; i < kFieldsBetween; ++i) fields >> skipped;
  fields >> start_ticks;
  return !fields.fail();
}

ProcessIdentity this_process() {
  ProcessIdentity self{static_cast<int>(::getpid()), 0, boot_id()};
  char state = 0;
  (void)read_stat(self.id, state, self.start_ticks);
  return self;
}

bool is_alive(const ProcessIdentity& process) {
  static const std::string boot = boot_id();
  char state = 0;
  int64_t start_ticks = 0;
  return process.id > 0 && process.boot == boot && read_stat(process.id, state, start_ticks) &&
         start_ticks == process.start_ticks && state != 'Z' && state != 'X';
}

}  // namespace reelhouse::workflow

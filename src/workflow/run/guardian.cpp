#include "workflow/run/guardian.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace reelhouse::workflow {
namespace {

constexpr int kFirstSignal = 1;
constexpr int kLastSignal = 64;
constexpr int kMostProcesses = 1 << 22;  // PID_MAX_LIMIT of the kernel
constexpr int64_t kStuckAfterMs = 10'000;
constexpr int kKillAgainMs = 20;

int64_t now_ms() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<int64_t>(time.tv_sec) * 1000 + time.tv_nsec / 1'000'000;
}

struct ProcessEntry {
  pid_t id = 0;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  char state = 0;
};

/// Reads a number and what parts it from the next; false when there is none.
bool take_number(const char*& text, pid_t& number) {
  while (*text == ' ') ++text;
  const char* const start = text;
  long value = 0;
  while (*text >= '0' && *text <= '9' && value < kMostProcesses * 2L) value = value * 10 + (*text++ - '0');
  number = static_cast<pid_t>(value);
  return text != start;
}

/// Reads /proc/<id>/stat; false when the process is gone.
bool read_entry(int proc, const char* id, ProcessEntry& entry) {
  char path[32];
  const size_t length = ::strlen(id);
  if (length + sizeof("/stat") > sizeof(path)) return false;
  ::memcpy(path, id, length);  // NOLINT(bugprone-not-null-terminated-result): "/stat" follows, with the end
  ::memcpy(path + length, "/stat", sizeof("/stat"));
  const int file = ::openat(proc, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char text[512];
  const ssize_t size = ::read(file, text, sizeof(text) - 1);
  ::close(file);
  if (size <= 0) return false;
  text[size] = 0;
  const char* rest = ::strrchr(text, ')');  // the name before it may itself hold blanks and brackets
  if (rest == nullptr || rest[1] != ' ' || rest[2] == 0) return false;
  entry.state = rest[2];
  rest += 3;
  return take_number(id, entry.id) && take_number(rest, entry.parent) && take_number(rest, entry.group) &&
         take_number(rest, entry.session);
}

/// Calls `visit(const ProcessEntry&)` for every process there is. (readdir would allocate.)
template <typename Visit>
void for_each_process(Visit visit) {
  const int proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (proc < 0) return;
  alignas(dirent64) char buffer[8192];
  ssize_t size = 0;
  while ((size = ::getdents64(proc, buffer, sizeof(buffer))) > 0) {
    for (ssize_t at = 0; at < size;) {
      const auto* const found = reinterpret_cast<const dirent64*>(buffer + at);
      at += found->d_reclen;
      ProcessEntry entry;
      if (found->d_name[0] >= '1' && found->d_name[0] <= '9' && read_entry(proc, found->d_name, entry))
        visit(entry);
    }
  }
  ::close(proc);
}

/// The processes that stem from this one, at one moment.
class Descendants {
 public:
  Descendants() : self_(::getpid()) {
    table_ = static_cast<ProcessEntry*>(map(sizeof(ProcessEntry)));
    ids_ = static_cast<pid_t*>(map(sizeof(pid_t)));
    if (table_ == nullptr || ids_ == nullptr) return;
    for_each_process([this](const ProcessEntry& entry) {
      if (entry.id >= kMostProcesses || count_ >= kMostProcesses) return;
      table_[entry.id] = entry;
      ids_[count_++] = entry.id;
    });
  }
  ~Descendants() {
    if (table_ != nullptr) ::munmap(table_, sizeof(ProcessEntry) * kMostProcesses);
    if (ids_ != nullptr) ::munmap(ids_, sizeof(pid_t) * kMostProcesses);
  }
  Descendants(const Descendants&) = delete;
  Descendants& operator=(const Descendants&) = delete;

  template <typename Visit>
  void for_each(Visit visit) const {
    if (table_ == nullptr || ids_ == nullptr)  // no memory: the next ones at least; theirs become ours
      return for_each_process([&](const ProcessEntry& entry) {
        if (entry.parent == self_) visit(entry);
      });
    for (int i = 0; i < count_; ++i)
      if (stems_from_us(ids_[i])) visit(table_[ids_[i]]);
  }

 private:
  static void* map(size_t size_of_one) {
    void* const memory = ::mmap(nullptr, size_of_one * kMostProcesses, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? nullptr : memory;
  }
  bool stems_from_us(pid_t id) const {
    if (id == self_) return false;
    for (int depth = 0; id > 1 && id < kMostProcesses && depth < kMostProcesses; ++depth) {
      id = table_[id].parent;
      if (id == self_) return true;
    }
    return false;
  }

  pid_t self_;
  ProcessEntry* table_ = nullptr;  // by process id
  pid_t* ids_ = nullptr;
  int count_ = 0;
};

class Guardian {
 public:
  explicit Guardian(const GuardianPlan& plan) : plan_(plan), self_(::getpid()) {}

  [[noreturn]] void run() {
    settle();
    command_ = ::fork();
    if (command_ == 0) become_command();
    const int fork_error = errno;
    ::close(plan_.output);
    (void)::chdir("/");  // so that it keeps no file system busy
    if (command_ < 0) {
      tell(GuardianReport::kNotStarted, fork_error, GuardianReport::kFork);
      ::_exit(1);
    }
    watch();
    end_all();
    tell(GuardianReport::kEnded, status_, told_to_stop_ ? 1 : 0);
    ::_exit(0);
  }

 private:
  void settle();
  void close_all_but(int (&kept)[4]);
  [[noreturn]] void become_command();
  void watch();
  void end_all();
  void wait_for_child(int64_t milliseconds);
  bool reap();
  void tell(GuardianReport::Kind kind, int value, int detail) {
    const GuardianReport report{kind, value, detail};
    (void)!::write(plan_.report, &report, sizeof(report));
  }

  const GuardianPlan& plan_;
  pid_t self_;
  pid_t command_ = 0;
  int children_ = -1;  // signalfd of SIGCHLD
  int status_ = 0;
  bool ended_ = false;
  bool told_to_stop_ = false;
};

/// Lets go of all that belongs to the process that forked us. Above all the lifelines of other guardians:
/// held here, they would never end.
void Guardian::settle() {
  ::setsid();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  ::prctl(PR_SET_NAME, "guardian", 0, 0, 0);
  const int null =
      ::open("/dev/null", O_RDWR);  // may itself be a standard stream: left open, or closed below
  for (int stream = 0; stream <= 2; ++stream) ::dup2(null, stream);
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  children_ = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  int kept[4] = {plan_.lifeline, plan_.report, plan_.output, children_};
  close_all_but(kept);
}

void Guardian::close_all_but(int (&kept)[4]) {
  std::sort(kept, kept + 4);
  unsigned first = 3;
  const auto close_up_to = [&first](unsigned last) {
    if (first <= last && ::syscall(SYS_close_range, first, last, 0) != 0)
      for (unsigned i = first; i <= std::min(last, 65'535U); ++i) ::close(static_cast<int>(i));
  };
  for (const int one : kept) {
    if (one < 0) continue;
    close_up_to(static_cast<unsigned>(one) - 1);
    first = static_cast<unsigned>(one) + 1;
  }
  close_up_to(~0U);
}

/// In the child: what the command finds is as if a shell had started it, with nothing of ours.
void Guardian::become_command() {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (::getppid() != self_) ::_exit(127);
  ::dup2(plan_.output, 1);
  ::dup2(plan_.output, 2);
  struct sigaction standard = {};
  standard.sa_handler = SIG_DFL;
  for (int signal = kFirstSignal; signal <= kLastSignal; ++signal) ::sigaction(signal, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::chdir(plan_.folder) != 0) {
    tell(GuardianReport::kNotStarted, errno, GuardianReport::kFolder);
    ::_exit(127);
  }
  ::execve(plan_.program, plan_.arguments, plan_.environment);
  tell(GuardianReport::kNotStarted, errno, GuardianReport::kProgram);
  ::_exit(127);
}

/// Takes the ends of children; false when there is none left.
bool Guardian::reap() {
  signalfd_siginfo seen;
  while (::read(children_, &seen, sizeof(seen)) > 0) {
  }
  while (true) {
    int status = 0;
    const pid_t child = ::waitpid(-1, &status, WNOHANG);
    if (child == 0) return true;
    if (child < 0) return errno != ECHILD;
    if (child != command_) continue;
    ended_ = true;
    status_ = status;
  }
}

void Guardian::wait_for_child(int64_t milliseconds) {
  pollfd child{children_, POLLIN, 0};
  ::poll(&child, 1, static_cast<int>(std::max<int64_t>(milliseconds, 0)));
}

/// Waits until the command ends, or until we are to end it.
void Guardian::watch() {
  while (reap() && !ended_) {
    pollfd events[2] = {{children_, POLLIN, 0}, {plan_.lifeline, POLLIN, 0}};
    ::poll(events, 2, -1);
    if (events[1].revents == 0) continue;
    reap();
    told_to_stop_ = !ended_;
    return;
  }
}

/// Ends every descendant: each is asked once by SIGTERM (a second one means "at once" to many programs, and
/// what they start to clean up is not to be hit), and killed when patience has run out.
void Guardian::end_all() {
  if (!reap()) return;
  Descendants().for_each([](const ProcessEntry& process) {
    ::kill(process.id, SIGTERM);
    ::kill(process.id, SIGCONT);  // one that was halted could not hear it
  });
  const int64_t asked = now_ms();
  while (reap()) {
    const int64_t left = asked + plan_.patience_ms - now_ms();
    if (left <= 0) break;
    wait_for_child(left);
  }
  bool stuck = false;
  const int64_t killing = now_ms();
  while (reap()) {
    pid_t one = 0;
    // A whole group at a time: the kernel then lets none slip away by forking. In the guardian's own session
    // no group but its own can hold a stranger.
    Descendants().for_each([&](const ProcessEntry& process) {
      one = process.id;
      if (process.group > 1 && process.group != self_) ::kill(-process.group, SIGKILL);
      ::kill(process.id, SIGKILL);
    });
    if (!stuck && now_ms() - killing > kStuckAfterMs) {
      stuck = true;
      tell(GuardianReport::kStuck, one, 0);
    }
    wait_for_child(stuck ? 10 * kKillAgainMs : kKillAgainMs);
  }
}

}  // namespace

void guard(const GuardianPlan& plan) {
  Guardian(plan).run();
}

bool kill_session(pid_t guardian) {
  const int64_t start = now_ms();
  while (true) {
    bool left = false;
    for_each_process([&](const ProcessEntry& process) {
      if (process.session != guardian || process.state == 'Z' || process.state == 'X') return;
      left = true;
      ::kill(process.id, SIGKILL);
    });
    if (!left) return true;
    if (now_ms() - start > kStuckAfterMs) return false;
    const timespec pause{0, kKillAgainMs * 1'000'000L};
    ::nanosleep(&pause, nullptr);
  }
}

}  // namespace reelhouse::workflow

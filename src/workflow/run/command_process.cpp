#include "workflow/run/command_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "workflow/run/guardian.hpp"

extern char** environ;

namespace reelhouse::workflow {
namespace {

namespace fs = std::filesystem;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr size_t kMostLine = 16 * 1024;
constexpr int kAskEveryMs = 50;
constexpr size_t kMostRead = 64 * 1024;
constexpr size_t kMostLateOutput = 16 * kMostRead;  ///< when everything has ended: more is a stranger's

/// Owns a descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }
  int number() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

struct Pipe {
  Descriptor read;
  Descriptor write;
};

Error cannot_start(const std::string& program, int error_number) {
  return {ErrorKind::kUnavailable, fmt::format("starting {}: {}", program, std::strerror(error_number)),
          "The machine has too many processes or open files; try again later.", ""};
}

/// Makes a pipe whose ends are no standard stream, even when this process was started without them.
Result<Pipe> make_pipe(const std::string& program) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(cannot_start(program, errno));
  Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  for (Descriptor* end : {&pipe.read, &pipe.write}) {
    if (end->number() > STDERR_FILENO) continue;
    const int moved = ::fcntl(end->number(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (moved < 0) return fail(cannot_start(program, errno));
    *end = Descriptor(moved);
  }
  return pipe;
}

/// Parts output into lines.
class Lines {
 public:
  explicit Lines(const std::function<void(const std::string&)>& line) : line_(line) {}

  void add(std::string_view text) {
    while (!text.empty()) {
      const size_t end = text.find('\n');
      rest_ += text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      cut();
      if (end != std::string_view::npos) tell(std::exchange(rest_, ""));
    }
  }
  void end() {
    if (!rest_.empty()) tell(std::exchange(rest_, ""));
  }

 private:
  /// Tells pieces of a line that is too long; no piece ends within a character.
  void cut() {
    while (rest_.size() > kMostLine) {
      size_t at = kMostLine;
      for (int i = 0; i < 3 && (static_cast<unsigned char>(rest_[at]) & 0xC0U) == 0x80U; ++i) --at;
      tell(rest_.substr(0, at));
      rest_.erase(0, at);
    }
  }
  void tell(std::string text) {
    if (!text.empty() && text.back() == '\r') text.pop_back();
    line_(valid_utf8(text));
  }

  const std::function<void(const std::string&)>& line_;
  std::string rest_;
};

/// Finds the program as execvp(3) would. Errors: kNotFound, kPermission.
Result<std::string> find_program(const std::string& name, const fs::path& folder, const std::string& path) {
  std::optional<std::string> forbidden;
  const auto runs = [&forbidden](const fs::path& file) {
    std::error_code code;
    if (!fs::exists(file, code)) return false;
    if (!fs::is_directory(file, code) && ::access(file.c_str(), X_OK) == 0) return true;
    forbidden = file.string();
    return false;
  };
  if (name.find('/') != std::string::npos) {
    if (runs(folder / name)) return name;
  } else {
    for (size_t start = 0; start <= path.size();) {
      const size_t end = std::min(path.find(':', start), path.size());
      const fs::path file = fs::path(end == start ? "." : path.substr(start, end - start)) / name;
      if (runs(file.is_absolute() ? file : folder / file)) return file.string();
      start = end + 1;
    }
  }
  if (forbidden)
    return fail(ErrorKind::kPermission, fmt::format("starting {}: it is not a program that may be run", name),
                fmt::format("Make it executable: chmod +x {}", *forbidden), *forbidden);
  return fail(ErrorKind::kNotFound, fmt::format("starting {}: there is no such program", name),
              name.find('/') != std::string::npos
                  ? fmt::format("Looked for it as {}.", (folder / name).string())
                  : fmt::format("Looked for it in PATH: {}. Install it, or name it with its folder.", path));
}

std::map<std::string, std::string> full_environment(const CommandOptions& options) {
  std::map<std::string, std::string> all = options.environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string_view::npos)
      all.try_emplace(std::string(text.substr(0, equals)), text.substr(equals + 1));
  }
  return all;
}

Result<> check_texts(const CommandOptions& options) {
  if (options.arguments.empty() || options.arguments.front().empty())
    return fail(ErrorKind::kUsage, "starting a command: it is empty", "Name a program.");
  const auto holds_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  for (const auto& argument : options.arguments)
    if (holds_nul(argument))
      return fail(ErrorKind::kUsage,
                  fmt::format("starting {}: an argument holds a NUL character", options.arguments.front()),
                  "Take it out.");
  for (const auto& [name, value] : options.environment)
    if (name.empty() || name.find('=') != std::string::npos || holds_nul(name) || holds_nul(value))
      return fail(ErrorKind::kUsage,
                  fmt::format("starting {}: the variable '{}' cannot be handed to a program",
                              options.arguments.front(), valid_utf8(name)),
                  "A name holds no '=', and neither name nor value a NUL character.");
  return {};
}

/// The texts that a program is started with, as execve(2) takes them. Stays where it is made.
class StartTexts {
 public:
  StartTexts(std::vector<std::string> arguments, const std::map<std::string, std::string>& environment)
      : arguments_(std::move(arguments)) {
    for (const auto& [name, value] : environment) environment_.push_back(fmt::format("{}={}", name, value));
    for (auto& text : arguments_) argument_pointers_.push_back(text.data());
    for (auto& text : environment_) environment_pointers_.push_back(text.data());
    argument_pointers_.push_back(nullptr);
    environment_pointers_.push_back(nullptr);
  }
  StartTexts(const StartTexts&) = delete;
  StartTexts& operator=(const StartTexts&) = delete;
  char* const* arguments() const { return argument_pointers_.data(); }
  char* const* environment() const { return environment_pointers_.data(); }

 private:
  std::vector<std::string> arguments_;
  std::vector<std::string> environment_;
  std::vector<char*> argument_pointers_;
  std::vector<char*> environment_pointers_;
};

/// A command under its guardian. When it goes out of scope, by an exception too, everything is ended.
class GuardedCommand {
 public:
  GuardedCommand(const CommandOptions& options, const std::function<void(const std::string&)>& line)
      : options_(options), name_(options.arguments.front()), lines_(line) {}
  ~GuardedCommand() {
    lifeline_.close();
    output_.close();
    if (guardian_ > 0 && !stuck_) bury();
  }
  GuardedCommand(const GuardedCommand&) = delete;
  GuardedCommand& operator=(const GuardedCommand&) = delete;

  Result<> start();
  Result<CommandEnd> wait(const std::function<bool()>& stop);

 private:
  Result<> fork_guardian(const GuardianPlan& plan);
  bool read_output();
  bool read_report();
  int bury();
  Result<CommandEnd> outcome();
  Error not_started(const GuardianReport& report) const;

  const CommandOptions& options_;
  std::string name_;
  Lines lines_;
  pid_t guardian_ = -1;
  Descriptor lifeline_;
  Descriptor report_;
  Descriptor output_;
  std::optional<GuardianReport> told_;
  bool stuck_ = false;
};

Result<> GuardedCommand::start() {
  const auto environment = full_environment(options_);
  std::error_code code;
  const fs::path folder = options_.folder.empty() ? fs::current_path(code) : options_.folder;
  const auto path = environment.find("PATH");
  RH_ASSIGN(const std::string program,
            find_program(name_, folder, path == environment.end() ? "/usr/bin:/bin" : path->second));
  const StartTexts texts(options_.arguments, environment);
  RH_ASSIGN(auto lifeline, make_pipe(name_));
  RH_ASSIGN(auto report, make_pipe(name_));
  RH_ASSIGN(auto output, make_pipe(name_));
  const std::string folder_text = folder.string();
  GuardianPlan plan{};
  plan.program = program.c_str();
  plan.arguments = texts.arguments();
  plan.environment = texts.environment();
  plan.folder = folder_text.c_str();
  plan.patience_ms = static_cast<int>(options_.patience.count());
  plan.lifeline = lifeline.read.number();
  plan.report = report.write.number();
  plan.output = output.write.number();
  lifeline_ = std::move(lifeline.write);
  report_ = std::move(report.read);
  output_ = std::move(output.read);
  ::fcntl(output_.number(), F_SETFL, O_NONBLOCK);
  ::fcntl(report_.number(), F_SETFL, O_NONBLOCK);
  return fork_guardian(plan);
}

Result<> GuardedCommand::fork_guardian(const GuardianPlan& plan) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // no signal reaches the guardian, nor a handler in it
  guardian_ = ::fork();
  if (guardian_ == 0) guard(plan);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (guardian_ < 0) return fail(cannot_start(name_, error));
  return {};
}

/// Reads what there is, some of it when it is much; false when nothing waits.
bool GuardedCommand::read_output() {
  char buffer[kMostRead];
  const ssize_t size = ::read(output_.number(), buffer, sizeof(buffer));
  if (size > 0) {
    lines_.add({buffer, static_cast<size_t>(size)});
    return true;
  }
  if (size == 0 || (errno != EAGAIN && errno != EINTR)) output_.close();
  return false;
}

/// Reads a report; false when the guardian is gone.
bool GuardedCommand::read_report() {
  GuardianReport report{};
  const ssize_t size = ::read(report_.number(), &report, sizeof(report));
  if (size < 0) return errno == EAGAIN || errno == EINTR;
  if (size != sizeof(report)) return false;
  if (report.kind == GuardianReport::kStuck) stuck_ = true;
  if (!told_ || told_->kind != GuardianReport::kNotStarted) told_ = report;
  return !stuck_;
}

Result<CommandEnd> GuardedCommand::wait(const std::function<bool()>& stop) {
  SteadyTime asked{};
  while (true) {
    if (const auto now = std::chrono::steady_clock::now();
        lifeline_.number() >= 0 && now - asked >= std::chrono::milliseconds(kAskEveryMs)) {
      asked = now;
      if (stop()) lifeline_.close();
    }
    pollfd events[2] = {{report_.number(), POLLIN, 0}, {output_.number(), POLLIN, 0}};
    ::poll(events, 2, kAskEveryMs);
    if (events[1].revents != 0) read_output();
    if (events[0].revents != 0 && !read_report()) break;
  }
  const bool abandoned = !told_ && !kill_session(guardian_);
  for (size_t size = 0; size < kMostLateOutput && output_.number() >= 0 && read_output();) size += kMostRead;
  lines_.end();
  if (abandoned) told_ = GuardianReport{GuardianReport::kStuck, guardian_, 0};
  return outcome();
}

Result<CommandEnd> GuardedCommand::outcome() {
  if (told_ && told_->kind == GuardianReport::kNotStarted) return fail(not_started(*told_));
  if (told_ && told_->kind == GuardianReport::kStuck)
    return fail(
        ErrorKind::kUnavailable,
        fmt::format("process {}, started by {}, does not end although it was killed", told_->value, name_),
        "It waits within the kernel (a disk or server that does not answer), or runs as another user; "
        "look at it with ps, and end it by hand.");
  if (!told_) {
    const int status = bury();
    return fail(ErrorKind::kUnavailable,
                fmt::format("the guardian of {} was ended by signal {}, so the command was killed", name_,
                            WIFSIGNALED(status) ? WTERMSIG(status) : 0),
                "Somebody killed it, or memory ran out (see dmesg); run again.");
  }
  const int status = told_->value;
  return CommandEnd{WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), told_->detail != 0};
}

Error GuardedCommand::not_started(const GuardianReport& report) const {
  switch (report.detail) {
    case GuardianReport::kFork:
      return cannot_start(name_, report.value);
    case GuardianReport::kFolder:
      return system_error(fmt::format("starting {}: entering its folder", name_), options_.folder.string(),
                          report.value);
    default:
      break;
  }
  Error error = system_error("starting", name_, report.value);
  if (report.value == ENOENT) error.hint = "The program that its first line (#!) names is missing.";
  if (report.value == ENOEXEC)
    error.hint = "It is no program of this machine; a script begins with #!/bin/sh.";
  if (report.value == E2BIG)
    error.hint = "Its arguments and environment are too long; hand them over in a file.";
  return error;
}

/// Waits for the end of the guardian.
int GuardedCommand::bury() {
  int status = 0;
  while (::waitpid(guardian_, &status, 0) < 0 && errno == EINTR) {
  }
  guardian_ = -1;
  return status;
}

}  // namespace

Result<CommandEnd> run_command(const CommandOptions& options,
                               const std::function<void(const std::string&)>& line,
                               const std::function<bool()>& stop) {
  RH_TRY(check_texts(options));
  GuardedCommand command(options, line);
  RH_TRY(command.start());
  return command.wait(stop);
}

}  // namespace reelhouse::workflow

#include "workflow/run/active_step.hpp"

#include <algorithm>
#include <cmath>
#include <system_error>

#include "base/duration.hpp"
#include "base/text.hpp"

namespace reelhouse::workflow {
namespace {

constexpr int kTries = 3;
constexpr std::chrono::milliseconds kBetweenTries{50};
constexpr std::chrono::milliseconds kStopAgain{200};
constexpr std::chrono::seconds kComplainEvery{10};

Seconds wait_after(const Retries& retries, int attempt) {
  const double longest = static_cast<double>(retries.longest.count());
  const double wait = static_cast<double>(retries.wait.count()) * std::pow(retries.factor, attempt - 1);
  return Seconds(static_cast<int64_t>(std::clamp(std::isnan(wait) ? longest : wait, 0.0, longest)));
}

Result<StepResult> run_guarded(StepRunner& runner, const StepDefinition& step, StepContext& context) {
  try {
    return runner.run(step, context);
  } catch (const std::exception& error) {  // at the edge of a thread, where it would end the process
    return fail(ErrorKind::kInternal, fmt::format("running the step '{}': {}", step.name, error.what()));
  }
}

}  // namespace

std::string line_of(const Error& error) {
  return one_line(error.where.empty() ? error.message : error.where + ": " + error.message);
}

Properties RunBoard::properties() const {
  const std::lock_guard lock(mutex_);
  return properties_;
}

void RunBoard::write(const Properties& written) {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, value] : written) properties_[name] = value;
}

void RunBoard::put(const Step& step) {
  Result<> put;
  for (int tries = 0; tries < kTries; ++tries) {
    if (tries > 0) std::this_thread::sleep_for(kBetweenTries);
    put = options_.history.put_step(run_.id, step);
    if (put) break;
  }
  const std::lock_guard lock(mutex_);
  const auto is_same = [&](const Step& other) {
    return other.name == step.name && other.parent == step.parent;
  };
  std::erase_if(unwritten_, is_same);
  if (put) return;
  unwritten_.push_back(step);
  if (history_error_) return;
  history_error_ = put.error();
  options_.log.write("", 0, "error", "the history of runs cannot be written: " + put.error().to_string());
  is_awake_ = true;
  woken_.notify_one();
}

bool RunBoard::put_again() {
  std::vector<Step> steps;
  {
    const std::lock_guard lock(mutex_);
    steps = unwritten_;
  }
  for (const auto& step : steps) put(step);
  const std::lock_guard lock(mutex_);
  return unwritten_.empty();
}

std::optional<Error> RunBoard::history_error() const {
  const std::lock_guard lock(mutex_);
  return history_error_;
}

void RunBoard::wake() {
  const std::lock_guard lock(mutex_);
  is_awake_ = true;
  woken_.notify_one();
}

void RunBoard::wait(std::chrono::nanoseconds longest) {
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, longest, [this] { return is_awake_; });
  is_awake_ = false;
}

ActiveStep::ActiveStep(const StepDefinition& definition, RunBoard& board)
    : definition_(definition), board_(board), begun_(now()) {
  record_.name = definition.name;
  record_.started = to_iso(board.options().clock.now());
  record_.attempts = 0;
}

ActiveStep::~ActiveStep() {
  if (thread_.joinable()) thread_.join();
}

void ActiveStep::say(std::string_view level, std::string_view message) {
  board_.say(definition_.name, record_.attempts, level, message);
}

void ActiveStep::part(Step part) {
  if (part.parent.empty()) part.parent = definition_.name;
  board_.put(part);
}

void ActiveStep::begin_attempt() {
  ++record_.attempts;
  record_.state = RunState::kRunning;
  record_.message.clear();
  board_.put(record_);
  say("info", record_.attempts == 1 ? "started" : fmt::format("attempt {} started", record_.attempts));
  deadline_.reset();
  if (definition_.timeout > Seconds(0)) deadline_ = now() + definition_.timeout;
  complaints_ = 0;
  runs_ = true;
  try {
    thread_ = std::thread([this] {
      auto result = run_guarded(board_.options().runner, definition_, *this);
      {
        const std::lock_guard lock(mutex_);
        result_ = std::move(result);
      }
      board_.wake();
    });
  } catch (const std::system_error& error) {
    const std::lock_guard lock(mutex_);
    result_ = fail(ErrorKind::kUnavailable,
                   fmt::format("starting a thread for the step '{}': {}", definition_.name, error.what()),
                   "The machine has too many processes; try again later.");
    board_.wake();
  }
}

std::optional<Result<StepResult>> ActiveStep::take_result() {
  std::optional<Result<StepResult>> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(result_);
  }
  if (!taken) return taken;
  if (thread_.joinable()) thread_.join();
  runs_ = false;
  deadline_.reset();
  return taken;
}

void ActiveStep::wait_for_retry(const std::string& failure) {
  const Seconds wait = wait_after(definition_.retries, record_.attempts);
  retry_at_ = now() + wait;
  reason_ = StopReason::kNone;  // a timeout of the attempt is settled
  stopping_ = false;
  record_.message = fmt::format("attempt {} of {} failed, the next begins in {}: {}", record_.attempts,
                                definition_.retries.times + 1, duration_code(wait), failure);
  say("warning", record_.message);
  board_.put(record_);
}

bool ActiveStep::is_due() const {
  return !runs_ && now() >= retry_at_;
}

void ActiveStep::stop(StopReason reason) {
  if (reason_ == StopReason::kNone) reason_ = reason;
  if (stopping_.exchange(true) || !runs_) return;
  told_first_ = told_last_ = std::chrono::steady_clock::now();
  board_.options().runner.stop(definition_);
}

void ActiveStep::look() {
  if (!runs_) return;
  if (!stopping_) {
    if (deadline_ && now() >= *deadline_) {
      say("warning",
          fmt::format("its timeout of {} has passed: stopping it", duration_code(definition_.timeout)));
      stop(StopReason::kStepTimeout);
    }
    return;
  }
  const auto real_now = std::chrono::steady_clock::now();
  if (real_now - told_last_ < kStopAgain) return;
  told_last_ = real_now;
  board_.options().runner.stop(definition_);
  if (real_now - told_first_ < (complaints_ + 1) * kComplainEvery) return;
  ++complaints_;
  say("warning", fmt::format("was told to stop {} s ago and still runs",
                             std::chrono::duration_cast<Seconds>(real_now - told_first_).count()));
}

std::optional<SteadyTime> ActiveStep::next_look() const {
  if (!runs_) return retry_at_;
  return stopping_ ? std::nullopt : deadline_;
}

Step ActiveStep::end(RunState state, uint64_t rows, const Properties& written, const std::string& message) {
  record_.state = state;
  record_.rows = rows;
  record_.written = written;
  record_.message = message;
  record_.seconds = std::chrono::duration<double>(now() - begun_).count();
  record_.ended = to_iso(board_.options().clock.now());
  board_.put(record_);
  const bool is_well = state == RunState::kSucceeded;
  say(is_well                         ? "info"
      : state == RunState::kCancelled ? "warning"
                                      : "error",
      message.empty() ? name_of(state) : fmt::format("{}: {}", name_of(state), message));
  return record_;
}

}  // namespace reelhouse::workflow

#include "workflow/scheduler/scheduler.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>

#include "base/files.hpp"
#include "lake/temporary_folder.hpp"
#include "workflow/scheduler/scheduler_fakes.hpp"

namespace reelhouse::workflow {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Workflow usual_workflow(const std::string& name, int at_once = 1) {
  Workflow made = default_workflow();
  made.name = name;
  made.at_once = at_once;
  return made;
}

class SchedulerTest : public testing::Test {
 protected:
  SchedulerTest() { workflows_ = {usual_workflow("shop"), usual_workflow("mail", 2), default_workflow()}; }
  ~SchedulerTest() override {
    if (processes_)
      for (const auto& run : processes_->started()) processes_->let_go(run);
    scheduler_.reset();
  }

  /// Opens the scheduler, which takes its first look.
  void open() {
    const auto file = folder_.path() / "runs.db";
    history_ = *open_run_history(file);
    by_processes_ = *open_run_history(file);
    processes_ = std::make_unique<FakeProcesses>(*by_processes_, clock_);
    std::filesystem::create_directories(folder_.path() / "workflows");
    SchedulerOptions options;
    options.history = file;
    options.lock = lock_file();
    options.logs = folder_.path() / "logs";
    options.receipts = folder_.path() / "receipts";
    options.steps = folder_.path() / "steps";
    options.folder = folder_.path() / "workflows";
    options.load = [this](bool& is_whole) {
      is_whole = is_whole_;
      return workflows_;
    };
    options.lake = (folder_.path() / "lake").string();
    options.cache = folder_.path() / "cache";
    options.command = [](const workflow::Run& run) {
      return Program{{"reelhouse", "run", "--queued", run.id}, {}};
    };
    options.say = [this](const std::string& line) {
      const std::lock_guard lock(mutex_);
      said_.push_back(line);
    };
    options.changed = [this] { ++changes_; };
    options.processes = processes_at_once_;
    options.steady = [this] { return clock_.steady(); };
    options.run_process = [this](const auto& command, const auto& line, const auto& stop) {
      return processes_->run(command, line, stop);
    };
    scheduler_ = Scheduler::with(std::move(options), clock_,
                                 std::make_unique<FaultyHistory>(*open_run_history(file), faults_));
    scheduler_->look();
  }
  std::filesystem::path lock_file() const { return folder_.path() / "scheduler.lock"; }

  std::string request(const std::string& name) {
    const auto run = scheduler_->request(name, {.kind = CauseKind::kPage}, {});
    EXPECT_TRUE(run) << run.error().to_string();
    return run ? run->id : "";
  }
  /// Begins a run as `reelhouse run` does beside the server.
  std::string by_hand(const std::string& name) {
    const auto run = history_->begin({.workflow = name}, 0, clock_);
    EXPECT_TRUE(run);
    return run->id;
  }
  void end(const std::string& run) { EXPECT_TRUE(history_->end(run, RunState::kSucceeded, 0, "", clock_)); }
  RunState state(const std::string& run) const { return history_->find(run)->state; }

  void look(int times = 1) {
    for (int i = 0; i < times; ++i) scheduler_->look();
  }
  /// Looks until something that a process does has been seen; time stands still meanwhile.
  void look_until(const std::function<bool()>& seen) {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (!seen()) {
      ASSERT_LT(std::chrono::steady_clock::now(), until)
          << "waited in vain; said: " << testing::PrintToString(said());
      scheduler_->look();
      std::this_thread::sleep_for(1ms);
    }
  }
  void look_until_state(const std::string& run, RunState wanted) {
    look_until([&] { return state(run) == wanted; });
  }
  /// Looks until as many processes as given were started.
  void look_until_started(size_t count) {
    look_until([&] { return started().size() >= count; });
  }
  std::vector<std::string> started() const { return processes_->started(); }
  std::vector<std::string> said() const {
    const std::lock_guard lock(mutex_);
    return said_;
  }
  /// Lines that begin with "warning: ".
  std::vector<std::string> warnings() const {
    std::vector<std::string> lines;
    for (const auto& line : said())
      if (line.starts_with("warning: ")) lines.push_back(line);
    return lines;
  }
  /// Changes the workflows' folder, and lets it be looked at again.
  void change_workflows(std::vector<Workflow> workflows, bool is_whole = true) {
    workflows_ = std::move(workflows);
    is_whole_ = is_whole;
    folder_.write(fmt::format("workflows/{}.yml", ++files_), "");
    clock_.pass(5s);
  }

  test::TemporaryFolder folder_;
  MovedClock clock_;
  Faults faults_;
  std::vector<Workflow> workflows_;
  bool is_whole_ = true;
  size_t processes_at_once_ = 4;
  std::atomic<int> changes_ = 0;
  std::unique_ptr<RunHistory> history_;
  std::unique_ptr<RunHistory> by_processes_;
  std::unique_ptr<FakeProcesses> processes_;
  std::unique_ptr<Scheduler> scheduler_;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> said_;
  int files_ = 0;
};

TEST_F(SchedulerTest, StartsWhatIsQueuedAndSeesItEnd) {
  open();
  const std::string run = request("shop");
  look_until_state(run, RunState::kRunning);
  EXPECT_THAT(started(), ElementsAre(run));
  look(20);
  EXPECT_THAT(started(), SizeIs(1)) << "a run that has its process gets no second one";
  processes_->let_go(run);
  look_until_state(run, RunState::kSucceeded);
  look(20);
  EXPECT_THAT(started(), SizeIs(1));
  EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(SchedulerTest, RunsOneRunOfAWorkflowAfterTheOther) {
  open();
  const std::string first = request("shop");
  const std::string second = request("shop");
  look_until_state(first, RunState::kRunning);
  look(20);
  EXPECT_THAT(started(), ElementsAre(first));
  EXPECT_EQ(state(second), RunState::kQueued);
  processes_->let_go(first);
  look_until_state(second, RunState::kRunning);
  EXPECT_THAT(started(), ElementsAre(first, second));
}

TEST_F(SchedulerTest, RunsNoMoreProcessesThanItMay) {
  processes_at_once_ = 2;
  open();
  const std::string shop = request("shop");
  const std::string mail = request("mail");
  const std::string third = request("mail");
  look_until_state(shop, RunState::kRunning);
  look_until_state(mail, RunState::kRunning);
  look(20);
  EXPECT_THAT(started(), SizeIs(2));
  processes_->let_go(shop);
  look_until_state(third, RunState::kRunning);
}

TEST_F(SchedulerTest, ARunThatWasStartedByHandHoldsBackTheQueue) {
  open();
  const std::string other = by_hand("shop");
  const std::string run = request("shop");
  look(20);
  EXPECT_THAT(started(), IsEmpty());
  end(other);
  look_until_state(run, RunState::kRunning);
}

// What is killed changes nothing in the history: no change counts, nobody tells.
TEST_F(SchedulerTest, ARunThatDiesElsewhereHoldsBackTheQueueNoLonger) {
  int pipes[2];
  ASSERT_EQ(::pipe(pipes), 0);
  const auto file = folder_.path() / "runs.db";
  { const auto made = open_run_history(file); }
  const pid_t child = ::fork();
  if (child == 0) {
    const auto history = open_run_history(file);
    const bool is_begun = history && (*history)->begin({.workflow = "shop"}, 0, SystemClock()).has_value();
    (void)!::write(pipes[1], is_begun ? "y" : "n", 1);
    ::pause();
    ::_exit(0);
  }
  char is_begun = 'n';
  ASSERT_EQ(::read(pipes[0], &is_begun, 1), 1);
  EXPECT_EQ(is_begun, 'y');
  open();
  const std::string run = request("shop");
  look(5);
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  ::close(pipes[0]);
  ::close(pipes[1]);
  look(5);
  EXPECT_THAT(started(), IsEmpty()) << "time stands still";
  clock_.pass(2s);
  look_until_state(run, RunState::kRunning);
}

TEST_F(SchedulerTest, SkipsARunThatFindsItsWorkflowBusyWhenItShall) {
  workflows_[0].skip_when_busy = true;
  open();
  const std::string first = request("shop");
  look_until_state(first, RunState::kRunning);
  const std::string second = request("shop");
  look();
  EXPECT_EQ(state(second), RunState::kSkipped);
  EXPECT_EQ(history_->find(second)->message, "another run of this workflow was running");
  EXPECT_THAT(said(),
              Contains(fmt::format("workflow shop: run {} skipped: another run of this workflow was running",
                                   second)));
  EXPECT_THAT(started(), ElementsAre(first));
}

TEST_F(SchedulerTest, ReadsTheWorkflowsAgainWhenTheirFilesChange) {
  open();
  EXPECT_FALSE(scheduler_->request("news", {}, {}));
  change_workflows({usual_workflow("news")});
  look();
  EXPECT_THAT(said(), Contains("the workflows were read again"));
  const std::string run = request("news");
  look_until_state(run, RunState::kRunning);
  EXPECT_FALSE(scheduler_->request("shop", {}, {}));
}

TEST_F(SchedulerTest, FailsAQueuedRunWhoseWorkflowIsGone) {
  open();
  const std::string other = by_hand("shop");
  const std::string run = request("shop");
  look();
  change_workflows({usual_workflow("mail")});
  look();
  EXPECT_EQ(state(run), RunState::kFailed);
  EXPECT_EQ(history_->find(run)->message, "there is no workflow 'shop' any more");
  end(other);
  look(5);
  EXPECT_THAT(started(), IsEmpty());
}

TEST_F(SchedulerTest, AQueuedRunWaitsForItsWorkflowWhileAFileIsBroken) {
  open();
  const std::string other = by_hand("shop");
  const std::string run = request("shop");
  look();
  change_workflows({usual_workflow("mail")}, false);
  end(other);
  look(5);
  EXPECT_EQ(state(run), RunState::kQueued);
  change_workflows({usual_workflow("mail"), usual_workflow("shop")});
  look_until_state(run, RunState::kRunning);
}

TEST_F(SchedulerTest, FailsARunWhoseProcessEndsAgainAndAgain) {
  open();
  processes_->begin_nothing = true;
  const std::string run = request("shop");
  look_until_state(run, RunState::kFailed);
  EXPECT_THAT(started(), ElementsAre(run, run, run));
  EXPECT_EQ(history_->find(run)->message, "its process ended again and again before it began");
  EXPECT_THAT(said(),
              Contains(fmt::format("run {} ended with exit code 7: error: no such lake", run)).Times(3));
}

TEST_F(SchedulerTest, ARunThatBeginsAtLastIsNotFailed) {
  open();
  processes_->begin_nothing = true;
  const std::string run = request("shop");
  look_until_started(2);
  processes_->begin_nothing = false;
  look_until_state(run, RunState::kRunning);
  EXPECT_THAT(started(), SizeIs(testing::AllOf(testing::Ge(2U), testing::Le(3U))));
}

TEST_F(SchedulerTest, ARunThatCannotBeClosedIsToldOnceAndTriedAgainWithPatience) {
  open();
  faults_.end = true;
  const std::string other = by_hand("shop");
  const std::string run = request("shop");
  change_workflows({});
  look(50);
  EXPECT_EQ(faults_.ends, 1) << "not at every look";
  ASSERT_THAT(warnings(), SizeIs(1));
  EXPECT_THAT(warnings()[0], HasSubstr(run));
  EXPECT_THAT(warnings()[0], HasSubstr("there is no workflow 'shop' any more"));
  EXPECT_THAT(warnings()[0], HasSubstr("no space left"));
  for (int second = 0; second < 600; ++second) {
    clock_.pass(1s);
    look();
  }
  EXPECT_GE(faults_.ends, 10);
  EXPECT_LE(faults_.ends, 20);
  EXPECT_THAT(warnings(), SizeIs(1));
  EXPECT_EQ(state(run), RunState::kQueued);
  faults_.end = false;
  clock_.pass(61s);
  look();
  EXPECT_EQ(state(run), RunState::kFailed);
  EXPECT_THAT(said(), Contains(fmt::format(
                          "workflow shop: run {} failed: there is no workflow 'shop' any more", run)));
  EXPECT_THAT(warnings(), SizeIs(1));
}

TEST_F(SchedulerTest, ARunThatSomebodyCancelsWhileItCannotBeClosedIsLeftAlone) {
  open();
  faults_.end = true;
  const std::string run = request("shop");
  change_workflows({});
  look();
  EXPECT_EQ(faults_.ends, 1);
  ASSERT_TRUE(scheduler_->cancel(run));
  faults_.end = false;
  clock_.pass(61s);
  look(5);
  EXPECT_EQ(faults_.ends, 1);
  EXPECT_EQ(state(run), RunState::kCancelled);
}

TEST_F(SchedulerTest, AQueueThatCannotBeReadIsToldOnceAndReadWhenItCan) {
  open();
  faults_.queued = true;
  const std::string run = request("shop");
  look(50);
  EXPECT_THAT(warnings(), ElementsAre(HasSubstr("reading the queue: no space left")));
  EXPECT_THAT(started(), IsEmpty());
  clock_.pass(1h);
  look(5);
  EXPECT_THAT(warnings(), SizeIs(2)) << "said again after an hour";
  faults_.queued = false;  // nothing in the history changes with it
  look_until_state(run, RunState::kRunning);
}

TEST_F(SchedulerTest, StopCancelsWhatRuns) {
  open();
  const std::string shop = request("shop");
  const std::string mail = request("mail");
  look_until_state(shop, RunState::kRunning);
  look_until_state(mail, RunState::kRunning);
  scheduler_->stop();
  EXPECT_EQ(state(shop), RunState::kCancelled);
  EXPECT_EQ(state(mail), RunState::kCancelled);
  EXPECT_THAT(warnings(), IsEmpty());
}

TEST_F(SchedulerTest, StopLeavesARunThatNoProcessHasInTheQueue) {
  open();
  const std::string running = request("shop");
  const std::string waiting = request("shop");
  look_until_state(running, RunState::kRunning);
  scheduler_->stop();
  EXPECT_EQ(state(waiting), RunState::kQueued);
}

TEST_F(SchedulerTest, StopKillsWhatDoesNotListen) {
  open();
  processes_->are_deaf = true;
  const std::string run = request("shop");
  look_until_state(run, RunState::kRunning);
  auto stopped = std::async(std::launch::async, [&] { scheduler_->stop(); });
  EXPECT_EQ(stopped.wait_for(300ms), std::future_status::timeout) << "it has 20 seconds";
  clock_.pass(19s);
  EXPECT_EQ(stopped.wait_for(300ms), std::future_status::timeout);
  clock_.pass(2s);
  EXPECT_EQ(stopped.wait_for(20s), std::future_status::ready);
}

TEST_F(SchedulerTest, StopAsksAgainWhenTheHistoryTookNoCancel) {
  open();
  faults_.ask_cancel = true;
  const std::string run = request("shop");
  look_until_state(run, RunState::kRunning);
  auto stopped = std::async(std::launch::async, [&] { scheduler_->stop(); });
  EXPECT_EQ(stopped.wait_for(300ms), std::future_status::timeout);
  EXPECT_EQ(faults_.cancels, 1);
  EXPECT_THAT(warnings(), ElementsAre(HasSubstr("asking the run to stop: no space left")));
  faults_.ask_cancel = false;
  clock_.pass(1s);
  EXPECT_EQ(stopped.wait_for(20s), std::future_status::ready);
  EXPECT_EQ(state(run), RunState::kCancelled);
}

TEST_F(SchedulerTest, OfTwoProcessesOneSchedules) {
  auto held = FileLock::take(lock_file(), "running this project's workflows");
  ASSERT_TRUE(held);
  open();
  EXPECT_FALSE(scheduler_->is_leading());
  const int before = changes_;
  const std::string run = request("shop");
  look(20);
  EXPECT_THAT(started(), IsEmpty());
  EXPECT_EQ(changes_, before + 1) << "who does not schedule still tells what others do";
  EXPECT_THAT(warnings(), SizeIs(1)) << "told once";
  held = fail(ErrorKind::kInternal, "let go");
  look(20);
  EXPECT_FALSE(scheduler_->is_leading()) << "it asks every five seconds";
  clock_.pass(5s);
  look_until_state(run, RunState::kRunning);
  EXPECT_TRUE(scheduler_->is_leading());
}

TEST_F(SchedulerTest, RunsAWorkflowWhenItsTimeHasCome) {
  Trigger trigger;
  trigger.name = "schedule";
  trigger.schedule = ScheduleTrigger{.cron = *Cron::parse("15 6 * * *")};
  workflows_[0].triggers = {trigger};
  open();
  ASSERT_THAT(scheduler_->next_firings(1), SizeIs(1));
  EXPECT_EQ(to_iso(scheduler_->next_firings(1)[0].at), "2026-11-22T06:15:00.000Z");
  clock_.pass(2min + 59s);
  look(5);
  EXPECT_THAT(started(), IsEmpty());
  clock_.pass(1s);
  look_until_started(1);
  const auto run = history_->find(started()[0]);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->workflow, "shop");
  EXPECT_EQ(run->cause.kind, CauseKind::kSchedule);
  look(20);
  EXPECT_THAT(started(), SizeIs(1));
}

TEST_F(SchedulerTest, LetsAFolderSettleBeforeItCounts) {
  Trigger trigger;
  trigger.name = "objects";
  trigger.objects = ObjectsTrigger{.prefix = "raw/shop/"};
  workflows_[0].triggers = {trigger};
  folder_.write("lake/raw/shop/a.csv", "a\n1\n");
  open();  // sees what lies there for the first time
  clock_.pass(500ms);
  look();  // sees it settled: it begins with that
  folder_.write("lake/raw/shop/b.csv", "a\n");
  clock_.pass(1s);
  look();
  folder_.write("lake/raw/shop/b.csv", "a\n1\n2\n");
  clock_.pass(500ms);
  look(5);
  EXPECT_THAT(*history_->list(0), IsEmpty()) << "somebody is writing it";
  clock_.pass(500ms);
  look();
  const auto runs = history_->list(0);
  ASSERT_THAT(*runs, SizeIs(1));
  EXPECT_EQ(runs->front().cause.kind, CauseKind::kObjects);
  EXPECT_THAT(runs->front().properties.at("trigger.keys"), HasSubstr("b.csv"));
  clock_.pass(10s);
  look(5);
  EXPECT_THAT(*history_->list(0), SizeIs(1));
}

TEST_F(SchedulerTest, RefusesWhatNoWorkflowKnows) {
  open();
  const auto unknown = scheduler_->request("shpo", {}, {});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(unknown.error().hint, HasSubstr("shop"));
  const auto property = scheduler_->request("shop", {}, {{"day", "2026-11-22"}});
  ASSERT_FALSE(property);
  EXPECT_EQ(property.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(*history_->list(0), IsEmpty());
}

TEST_F(SchedulerTest, ResumesWhatHasFailedOnly) {
  open();
  const std::string failed = by_hand("shop");
  EXPECT_FALSE(scheduler_->resume(failed, "page")) << "it runs";
  ASSERT_TRUE(history_->end(failed, RunState::kFailed, 0, "no lake", clock_));
  const auto resumed = scheduler_->resume(failed, "page");
  ASSERT_TRUE(resumed) << resumed.error().to_string();
  EXPECT_EQ(resumed->resumes, failed);
  look_until_state(resumed->id, RunState::kRunning);
  processes_->let_go(resumed->id);
  look_until_state(resumed->id, RunState::kSucceeded);
  EXPECT_FALSE(scheduler_->resume(resumed->id, "page"));
}

// The one test on a thread and a time of its own.
TEST_F(SchedulerTest, LooksOnItsOwnOnceItWasStarted) {
  open();
  scheduler_->start();
  const std::string run = request("shop");
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (state(run) != RunState::kRunning && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(5ms);
  EXPECT_EQ(state(run), RunState::kRunning);
  scheduler_->stop();
  EXPECT_EQ(state(run), RunState::kCancelled);
}

}  // namespace
}  // namespace reelhouse::workflow

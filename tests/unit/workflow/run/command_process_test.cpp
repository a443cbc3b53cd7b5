#include "workflow/run/command_process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <fstream>
#include <thread>

#include "base/files.hpp"
#include "base/json.hpp"
#include "matchers.hpp"

namespace reelhouse::workflow {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr const char* kMark = "COMMAND_PROCESS_TEST";

/// Waits until something is true; false when it has not become so within a minute.
bool comes_true(const std::function<bool()>& what) {
  for (int i = 0; i < 6000; ++i) {
    if (what()) return true;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return false;
}

class CommandProcess : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "command-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    mark_ = folder_.filename().string();
  }
  void TearDown() override {
    for (const pid_t process : marked()) {
      ADD_FAILURE() << "process " << process << " is left";
      ::kill(process, SIGKILL);
    }
    fs::remove_all(folder_);
  }

  /// The processes that carry this test's mark in their environment; zombies have none.
  std::vector<pid_t> marked() const {
    std::vector<pid_t> found;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      const std::string name = entry.path().filename().string();
      pid_t id = 0;
      if (std::from_chars(name.data(), name.data() + name.size(), id).ptr != name.data() + name.size())
        continue;
      const auto environment = read_file(entry.path() / "environ");
      if (environment && environment->find(std::string(kMark) + "=" + mark_) != std::string::npos)
        found.push_back(id);
    }
    return found;
  }

  CommandOptions shell(const std::string& script) const {
    return {{"/bin/sh", "-c", script}, folder_, {{kMark, mark_}}, milliseconds(300)};
  }
  Result<CommandEnd> run(const CommandOptions& options) {
    return run_command(
        options, [this](const std::string& text) { lines_.push_back(text); },
        [this] { return stop_.load(); });
  }
  Result<CommandEnd> run(const std::string& script) { return run(shell(script)); }
  bool stopped_when(const std::function<bool()>& ready, const std::string& script, Result<CommandEnd>& end) {
    std::thread stopper([&] {
      comes_true(ready);
      stop_ = true;
    });
    end = run(script);
    stopper.join();
    return end.has_value();
  }
  bool exists(const std::string& name) const { return fs::exists(folder_ / name); }

  fs::path folder_;
  std::string mark_;
  std::vector<std::string> lines_;
  std::atomic<bool> stop_{false};
};

TEST_F(CommandProcess, TellsLinesAndTheExitCode) {
  const auto end = run("echo one; echo two >&2; printf 'three\\r\\n\\nfive'; exit 7");
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->exit_code, 7);
  EXPECT_FALSE(end->stopped);
  EXPECT_THAT(lines_, ElementsAre("one", "two", "three", "", "five"));
}

TEST_F(CommandProcess, TellsASignalAsAShellDoes) {
  EXPECT_EQ(run("kill -9 $$")->exit_code, 137);
  EXPECT_EQ(run("kill -TERM $$")->exit_code, 143);
}

TEST_F(CommandProcess, HandsOverFolderEnvironmentAndEmptyInput) {
  auto options = shell("pwd; echo \"$day/$HOME\"; cat; echo end");
  options.environment["day"] = "two words; $x";
  ASSERT_TRUE(run(options));
  EXPECT_THAT(lines_, ElementsAre(fs::canonical(folder_).string(), HasSubstr("two words; $x/"), "end"));
}

TEST_F(CommandProcess, LeavesNoDescriptorOpenAndNoSignalBlocked) {
  const int secret = ::open("/dev/zero", O_RDONLY);  // as a careless library opens it: not closed on exec
  sigset_t set;
  sigset_t before;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &set, &before);
  const auto handler = ::signal(SIGPIPE, SIG_IGN);
  const auto files = run({{"/bin/sh", "-c", "exec ls -l /proc/self/fd"}, folder_, {}});
  const auto signals = run({{"grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"}, folder_, {}});
  ::signal(SIGPIPE, handler);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(secret);
  ASSERT_TRUE(files && signals);
  ASSERT_THAT(lines_, SizeIs(7));  // after a line of ls itself
  EXPECT_THAT(lines_[1], HasSubstr("0 -> /dev/null"));
  EXPECT_THAT(lines_[2], HasSubstr("1 -> pipe"));
  EXPECT_THAT(lines_[3], HasSubstr("2 -> pipe"));
  EXPECT_THAT(lines_[4], HasSubstr("/fd"));  // the folder that ls reads
  EXPECT_EQ(lines_[5], "SigBlk:\t0000000000000000");
  // Signals 32 and 33 belong to glibc, which lets nobody touch them; who started the tests may have ignored
  // them.
  ASSERT_THAT(lines_[6], testing::StartsWith("SigIgn:\t"));
  EXPECT_EQ(std::stoull(lines_[6].substr(8), nullptr, 16) & ~0x1'8000'0000ULL, 0U);
}

TEST_F(CommandProcess, SaysWhatCannotBeStarted) {
  const auto kind = [&](const CommandOptions& options) {
    const auto end = run(options);
    return end ? "ended with " + std::to_string(end->exit_code)
               : std::string(name_of(end.error().kind)) + ": " + end.error().to_string();
  };
  std::ofstream(folder_ / "text") << "hello";
  std::ofstream(folder_ / "script") << "#!/no/such/shell\n";
  std::ofstream(folder_ / "bare") << "echo hi\n";
  for (const char* name : {"script", "bare"}) ::chmod((folder_ / name).c_str(), 0755);
  EXPECT_THAT(kind({{"no-such-program"}, folder_, {}}),
              testing::StartsWith("not_found: starting no-such-program"));
  EXPECT_THAT(kind({{"./none"}, folder_, {}}), HasSubstr((folder_ / "./none").string()));
  EXPECT_THAT(kind({{"./text"}, folder_, {}}),
              AllOf(testing::StartsWith("permission"), HasSubstr("chmod +x")));
  EXPECT_THAT(kind({{"./script"}, folder_, {}}), AllOf(testing::StartsWith("not_found"), HasSubstr("#!")));
  EXPECT_THAT(kind({{"./bare"}, folder_, {}}),
              AllOf(testing::StartsWith("unavailable"), HasSubstr("#!/bin/sh")));
  EXPECT_THAT(kind({{"true"}, folder_ / "gone", {}}),
              AllOf(testing::StartsWith("not_found"), HasSubstr("gone")));
  EXPECT_THAT(kind({{}, folder_, {}}), testing::StartsWith("usage"));
  EXPECT_THAT(kind({{"echo", std::string("a\0b", 3)}, folder_, {}}), testing::StartsWith("usage"));
  EXPECT_THAT(kind({{"true"}, folder_, {{"a=b", "c"}}}), testing::StartsWith("usage"));
  EXPECT_EQ(kind({{"true"}, folder_, {}}), "ended with 0");
  EXPECT_THAT(kind({{"echo", std::string(3 << 20, 'x')}, folder_, {}}), HasSubstr("too long"));
}

TEST_F(CommandProcess, TellsLongLinesInPiecesAndBinaryAsText) {
  ASSERT_TRUE(
      run("head -c 40000 /dev/zero | tr '\\0' a; echo; printf 'x'; for i in 1 2 3 4; do "
          "printf '\\303\\244%.0s' $(seq 3000); done; echo; printf '\\377\\000\\303\\n'"));
  ASSERT_THAT(lines_, SizeIs(6));
  EXPECT_EQ(lines_[0].size() + lines_[1].size() + lines_[2].size(), 40000U);
  EXPECT_EQ(lines_[0].size(), 16384U);
  EXPECT_EQ(lines_[3].size(), 16383U);  // no piece ends within a character
  EXPECT_EQ(lines_[3].size() + lines_[4].size(), 24001U);
  EXPECT_EQ(lines_[5], std::string("\xEF\xBF\xBD\0\xEF\xBF\xBD", 7));
  for (const auto& line : lines_) EXPECT_NO_THROW((void)Json(line).dump());
}

TEST_F(CommandProcess, KeepsUpWithAFlood) {
  size_t count = 0;
  const auto end = run_command(
      shell("yes 0123456789 | head -n 500000"), [&](const std::string&) { ++count; }, [] { return false; });
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(count, 500000U);
}

TEST_F(CommandProcess, IsStoppedInAFlood) {
  std::atomic<size_t> count = 0;
  const auto end = run_command(
      shell("yes"), [&](const std::string&) { ++count; }, [&] { return count > 1000; });
  ASSERT_THAT(end, IsOk());
  EXPECT_TRUE(end->stopped);
}

TEST_F(CommandProcess, WaitsForOneThatClosesItsOutput) {
  ASSERT_EQ(run("exec >&- 2>&-; sleep 0.3; touch done; exit 3")->exit_code, 3);
  EXPECT_TRUE(exists("done"));
}

TEST_F(CommandProcess, AsksFirstSoThatACommandCanTidyUp) {
  Result<CommandEnd> end;
  ASSERT_TRUE(stopped_when(
      [&] { return exists("ready"); },
      "trap 'echo asked >> tidied; exit 5' TERM; touch ready; while :; do sleep 0.02; done", end));
  EXPECT_TRUE(end->stopped);
  EXPECT_EQ(end->exit_code, 5);
  EXPECT_EQ(read_file(folder_ / "tidied").value(), "asked\n");  // once
}

TEST_F(CommandProcess, KillsOneThatDoesNotListen) {
  Result<CommandEnd> end;
  ASSERT_TRUE(stopped_when([&] { return exists("ready"); },
                           "trap '' TERM; touch ready; while :; do sleep 0.02; done", end));
  EXPECT_TRUE(end->stopped);
  EXPECT_EQ(end->exit_code, 137);
}

TEST_F(CommandProcess, EndsOneThatIsHalted) {
  Result<CommandEnd> end;
  ASSERT_TRUE(stopped_when([&] { return exists("ready"); }, "touch ready; kill -STOP $$; sleep 1000", end));
  EXPECT_EQ(end->exit_code, 143);
}

TEST_F(CommandProcess, EndsWhatACommandLeavesBehind) {
  const auto end = run(
      "(trap '' TERM HUP; touch deaf; sleep 1000; sleep 1000) & setsid sh -c 'sleep 1000 & touch apart' & "
      "(setsid sh -c '(setsid sleep 1000 >/dev/null 2>&1 </dev/null &) ; touch daemon' &) ; "
      "while [ ! -e deaf ] || [ ! -e apart ] || [ ! -e daemon ]; do sleep 0.02; done; echo left; exit 0");
  ASSERT_THAT(end, IsOk());
  EXPECT_EQ(end->exit_code, 0);
  EXPECT_FALSE(end->stopped);
  EXPECT_THAT(lines_, ElementsAre("left"));
  EXPECT_THAT(marked(), IsEmpty());
}

TEST_F(CommandProcess, EndsOneThatForksOnAndOn) {
  Result<CommandEnd> end;
  std::ofstream(folder_ / "hop") << "#!/bin/sh\ntrap '' TERM\ntouch ready\n[ -e halt ] || ./hop &\n";
  ::chmod((folder_ / "hop").c_str(), 0755);
  ASSERT_TRUE(stopped_when([&] { return exists("ready"); }, "trap '' TERM; ./hop; sleep 1000", end));
  EXPECT_THAT(marked(), IsEmpty());
}

TEST_F(CommandProcess, RunsManyBesideEachOther) {
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      for (int turn = 0; turn < 5; ++turn) {
        std::vector<std::string> lines;
        const auto end = run_command(
            shell(fmt::format("echo {}; sleep 1000 & exit {}", i, turn)),
            [&](const std::string& text) { lines.push_back(text); }, [] { return false; });
        right += end && end->exit_code == turn && lines == std::vector<std::string>{std::to_string(i)};
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 40);
}

TEST_F(CommandProcess, EndsAllWhenAnExceptionLeavesIt) {
  EXPECT_THROW((void)run_command(
                   shell("echo one; sleep 1000"),
                   [](const std::string&) { throw std::runtime_error("enough"); }, [] { return false; }),
               std::runtime_error);
  EXPECT_THAT(marked(), IsEmpty());
}

TEST_F(CommandProcess, LeavesNothingWhenWeAreKilled) {
  for (const bool two_commands : {false, true}) {
    const std::string script =
        "(setsid sh -c 'trap \"\" TERM; touch deaf; while :; do sleep 0.05; done' &); touch ready; sleep "
        "1000";
    const pid_t child = ::fork();
    if (child == 0) {  // as a run of ours, killed in the middle of its commands
      std::thread other([&] {
        if (two_commands)
          (void)run_command(
              shell(script), [](const std::string&) {}, [] { return false; });
      });
      (void)run_command(
          shell(script), [](const std::string&) {}, [] { return false; });
      ::_exit(0);
    }
    ASSERT_TRUE(comes_true([&] { return exists("ready") && exists("deaf") && marked().size() >= 3; }));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(comes_true([&] { return marked().empty(); }));
    fs::remove(folder_ / "ready");
    fs::remove(folder_ / "deaf");
  }
}

TEST_F(CommandProcess, NoticesThatItsGuardianWasKilled) {
  Result<CommandEnd> end;
  std::thread killer([&] {
    if (!comes_true([&] { return exists("parent"); })) return;
    ::kill(std::stoi(read_file(folder_ / "parent").value()), SIGKILL);
  });
  end = run("sleep 1000 & echo $PPID > parent.new; mv parent.new parent; sleep 1000");
  killer.join();
  EXPECT_THAT(end, IsError(ErrorKind::kUnavailable, HasMessage("signal 9")));
  EXPECT_TRUE(comes_true([&] { return marked().empty(); }));
}

TEST_F(CommandProcess, WorksWithoutStandardStreams) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (int stream = 0; stream <= 2; ++stream) ::close(stream);
    std::string said;
    const auto end = run_command(
        shell("cat; echo out; echo error >&2; exit 4"), [&](const std::string& text) { said += text; },
        [] { return false; });
    ::_exit(end && end->exit_code == 4 && said == "outerror" ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace reelhouse::workflow

#include "workflow/history/process.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.hpp"

namespace reelhouse::workflow {
namespace {

TEST(Process, SeesItselfAlive) {
  const auto self = this_process();
  EXPECT_EQ(self.id, ::getpid());
  EXPECT_GT(self.start_ticks, 0);
  EXPECT_FALSE(self.boot.empty());
  EXPECT_TRUE(is_alive(self));
}

TEST(Process, IsNotFooledByAnIdUsedAgain) {
  auto other = this_process();
  --other.start_ticks;
  EXPECT_FALSE(is_alive(other));
  other = this_process();
  other.boot = "an earlier one";
  EXPECT_FALSE(is_alive(other));
  EXPECT_FALSE(is_alive({}));
}

TEST(Process, CountsAZombieAsGone) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  char state = 0;
  ProcessIdentity zombie = this_process();
  zombie.id = child;
  ASSERT_TRUE(
      parse_process_stat(read_file(fmt::format("/proc/{}/stat", child)).value(), state, zombie.start_ticks));
  EXPECT_EQ(state, 'Z');
  EXPECT_FALSE(is_alive(zombie));
  ::waitpid(child, nullptr, 0);
}

TEST(Process, ReadsANameWithBlanksAndBrackets) {
  char state = 0;
  int64_t ticks = 0;
  EXPECT_TRUE(parse_process_stat("42 (a b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 9876 20 21\n",
                                 state, ticks));
  EXPECT_EQ(state, 'S');
  EXPECT_EQ(ticks, 9876);
  EXPECT_FALSE(parse_process_stat("", state, ticks));
  EXPECT_FALSE(parse_process_stat("42 (x) S 1 2", state, ticks));
}

}  // namespace
}  // namespace reelhouse::workflow

#include "base/progress.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace reelhouse {
namespace {

using namespace std::chrono_literals;

/// Runs `work` in a child whose standard error is a terminal; returns what it wrote there.
template <typename Work>
std::string on_a_terminal(Work work) {
  const int ours = ::posix_openpt(O_RDWR | O_NOCTTY);
  ::grantpt(ours);
  ::unlockpt(ours);
  const int theirs = ::open(::ptsname(ours), O_RDWR | O_NOCTTY);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(theirs, STDERR_FILENO);
    work();
    ::_exit(0);
  }
  ::close(theirs);
  std::string text;
  char piece[4096];
  // The read fails with EIO when the child has closed the other end.
  for (ssize_t size = 0; (size = ::read(ours, piece, sizeof piece)) > 0;)
    text.append(piece, static_cast<size_t>(size));
  ::waitpid(child, nullptr, 0);
  ::close(ours);
  return text;
}

TEST(ProgressTest, DrawsOnATerminalAfterTwoSecondsAndClearsAtTheEnd) {
  const std::string text = on_a_terminal([] {
    Progress outer("build", 0, "rows");
    Progress step("reading titles", 0, "rows");
    step.set_total(200);
    step.add(50);
    std::this_thread::sleep_for(2500ms);
  });
  EXPECT_THAT(text, testing::HasSubstr("reading titles [======                  ]  25 %  50 rows  2 s"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("build")));
  EXPECT_THAT(text, testing::EndsWith("\r\x1b[K"));
}

TEST(ProgressTest, SaysNothingOfAShortStep) {
  EXPECT_EQ(on_a_terminal([] {
              for (int i = 0; i < 100; ++i) Progress("short", 10, "rows").add(10);
              std::this_thread::sleep_for(300ms);
            }),
            "");
}

TEST(ProgressTest, KeepsQuiet) {
  EXPECT_EQ(on_a_terminal([] {
              Progress::set_quiet(true);
              Progress step("reading", 10, "rows");
              std::this_thread::sleep_for(2300ms);
            }),
            "");
}

}  // namespace
}  // namespace reelhouse

#include "app/row_text.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace reelhouse::app {
namespace {

[[noreturn]] void give_up(int error_number) {
  if (error_number == EPIPE) std::_Exit(0);
  const auto error = system_error("writing the result", "standard output", error_number);
  std::fprintf(stderr, "%s\n", error.to_string().c_str());
  std::_Exit(1);
}

std::string number_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  return fmt::format("{}", value);
}

}  // namespace

RowWriter::RowWriter(int descriptor) : descriptor_(descriptor) {
  ::signal(SIGPIPE, SIG_IGN);
  std::fflush(stdout);
}

void RowWriter::flush() {
  std::string_view rest = text_;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd ready{descriptor_, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      give_up(errno);
    }
  }
  text_.clear();
}

std::string cell_text(const engine::Cell& cell) {
  struct Render {
    std::string operator()(std::monostate) const { return {}; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(int64_t value) const { return std::to_string(value); }
    std::string operator()(double value) const { return number_text(value); }
    std::string operator()(const std::string& value) const { return value; }
  };
  return std::visit(Render{}, cell);
}

bool is_null(const engine::Cell& cell) {
  return std::holds_alternative<std::monostate>(cell);
}

}  // namespace reelhouse::app

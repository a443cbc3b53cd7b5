#include "serve/access_log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>

namespace reelhouse::serve {
namespace {

constexpr size_t kLinesWaiting = 10'000;
constexpr size_t kPathShown = 200;  // keeps a line below PIPE_BUF: it is written whole, or not at all
constexpr int kPollMilliseconds = 100;

}  // namespace

Result<std::unique_ptr<AccessLog>> AccessLog::open(const std::string& place, const Clock& clock) {
  int descriptor = -1;
  const bool owned = place != "-" && place != "none";
  if (place == "-") descriptor = STDERR_FILENO;
  if (owned) {
    descriptor = ::open(place.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (descriptor < 0) return fail(system_error("opening the access log", place, errno));
  }
  return std::unique_ptr<AccessLog>(new AccessLog(descriptor, owned, clock));
}

AccessLog::AccessLog(int descriptor, bool owned, const Clock& clock)
    : descriptor_(descriptor), owned_(owned), clock_(clock) {
  if (descriptor_ >= 0) thread_ = std::thread([this] { work(); });
}

AccessLog::~AccessLog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (owned_) ::close(descriptor_);
}

void AccessLog::write(const Exchange& exchange) {
  if (descriptor_ < 0) return;
  Json json = {{"time", to_iso(clock_.now())},
               {"peer", exchange.peer},
               {"method", exchange.method.substr(0, 20)},
               {"path", exchange.path.substr(0, kPathShown)},
               {"status", exchange.status},
               {"bytes", exchange.bytes},
               {"milliseconds", std::round(exchange.seconds * 1e5) / 100}};
  if (exchange.questions > 0) json["questions"] = exchange.questions;
  std::string line = json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
  {
    const std::lock_guard lock(mutex_);
    if (lines_.size() >= kLinesWaiting) {
      ++dropped_;
      return;
    }
    lines_.push_back(std::move(line));
  }
  wake_.notify_one();
}

bool AccessLog::write_line(const std::string& line) {
  while (true) {
    pollfd ready{descriptor_, POLLOUT, 0};
    const int count = ::poll(&ready, 1, kPollMilliseconds);
    const bool is_gone = (ready.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
    if (count > 0) return !is_gone && ::write(descriptor_, line.data(), line.size()) > 0;
    if (stopping_) return false;
  }
}

void AccessLog::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return stopping_ || !lines_.empty(); });
    if (lines_.empty()) return;
    const std::string line = std::move(lines_.front());
    lines_.pop_front();
    lock.unlock();
    const bool written = write_line(line);
    lock.lock();
    if (written) continue;
    ++dropped_;
    if (stopping_) return;
  }
}

}  // namespace reelhouse::serve

#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "serve/compress.hpp"
#include "serve/fair_queue.hpp"
#include "serve/pieces.hpp"

namespace reelhouse::serve {

/// The questions of one request. Each waits its own turn; each answer is a line of the body, sent as soon as
/// it is there: {"at": N, "status": 200, "answer": {...}} or {"at": N, "status": 400, "error": {...}}.
/// Every question gets exactly one line. Thread-safe.
class Batch : public std::enable_shared_from_this<Batch> {
 public:
  struct Hooks {
    /// Answers one question, on a thread of the queue: a body of JSON, an error's as error_response has it.
    std::function<Response(const std::string& question, Cancel& cancel)> answer;
    /// Told of every line before it is sent: its status; 499 when it was given up (time, or the client went).
    std::function<void(int status)> told;
  };
  /// `packed`: the body is gzip.
  Batch(std::vector<std::string> questions, bool packed, Hooks hooks);

  /// Queues the questions for a client. When `whole` is cancelled, work for them ends, and those without an
  /// answer get the error that it took too long.
  void start(FairQueue& queue, const std::string& client, Cancel& whole);
  const std::shared_ptr<Pieces>& pieces() const { return pieces_; }

 private:
  struct Question {
    std::string text;
    std::shared_ptr<Cancel> cancel = std::make_shared<Cancel>();
    bool answered = false;
  };

  void answer(size_t at);
  void write_line(size_t at, const Response& response, bool given_up = false);
  void give_up();

  std::vector<Question> questions_;
  Hooks hooks_;
  std::shared_ptr<Pieces> pieces_ = std::make_shared<Pieces>();
  std::mutex mutex_;  ///< of what follows, and of `answered`
  std::unique_ptr<GzipStream> gzip_;
  size_t left_;
};

}  // namespace reelhouse::serve

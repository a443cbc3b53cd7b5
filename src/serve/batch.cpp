#include "serve/batch.hpp"

namespace reelhouse::serve {
namespace {

/// Of answers that the client has not taken yet; more questions are not answered into memory.
constexpr size_t kMostUnsent = size_t{32} << 20;

}  // namespace

Batch::Batch(std::vector<std::string> questions, bool packed, Hooks hooks)
    : hooks_(std::move(hooks)), left_(questions.size()) {
  questions_.resize(questions.size());
  for (size_t at = 0; at < questions.size(); ++at) questions_[at].text = std::move(questions[at]);
  if (packed) gzip_ = std::make_unique<GzipStream>();
}

void Batch::start(FairQueue& queue, const std::string& client, Cancel& whole) {
  whole.set_hook([self = shared_from_this()] { self->give_up(); });
  for (size_t at = 0; at < questions_.size(); ++at) {
    FairQueue::Task task;
    task.client = client;
    task.cancel = questions_[at].cancel;
    task.run = [self = shared_from_this(), at] { self->answer(at); };
    if (!queue.push(std::move(task)))
      write_line(at, error_response({ErrorKind::kBusy, "too many questions wait already",
                                     "Try again in a moment.", ""}));
  }
}

void Batch::answer(size_t at) {
  if (pieces_->waiting() > kMostUnsent)
    return write_line(
        at, error_response({ErrorKind::kBusy, "the answers before this one are large, and wait to be taken",
                            "Ask this question alone.", ""}));
  write_line(at, hooks_.answer(questions_[at].text, *questions_[at].cancel));
}

void Batch::write_line(size_t at, const Response& response, bool given_up) {
  const bool good = response.status == 200;
  std::string line = fmt::format("{{\"at\":{},\"status\":{},", at, response.status);
  // The body of an error is {"error": ...} already.
  line += good ? fmt::format("\"answer\":{}}}\n", response.body) : response.body.substr(1) + "\n";
  {
    const std::lock_guard lock(mutex_);
    if (questions_[at].answered) return;
    questions_[at].answered = true;
    hooks_.told(given_up ? 499 : response.status);
    const bool last = --left_ == 0;
    pieces_->add(gzip_ ? gzip_->pack(line, last) : line);
    if (last) pieces_->end();
  }
}

void Batch::give_up() {
  const Response late =
      error_response(504, {ErrorKind::kInterrupted, "the answer took too long, and was stopped",
                           "Ask for less: a shorter period, fewer dimensions.", ""});
  for (size_t at = 0; at < questions_.size(); ++at) write_line(at, late, true);
  // Those that wait first: else a thread that is set free would begin the next.
  for (auto question = questions_.rbegin(); question != questions_.rend(); ++question)
    question->cancel->cancel();
}

}  // namespace reelhouse::serve

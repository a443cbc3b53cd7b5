#pragma once

#include <functional>
#include <mutex>
#include <string>

namespace reelhouse::serve {

/// A body that is sent while it is made: one side adds to it, the other takes what is there. Thread-safe;
/// who adds never waits for who takes.
class Pieces {
 public:
  struct Taken {
    std::string text;
    bool ended = false;  ///< nothing follows
  };

  /// Adds text; what comes after the end is dropped.
  void add(std::string_view text);
  void end();
  /// Takes what is there, at most so many bytes.
  Taken take(size_t most);
  /// Bytes that were added and not yet taken.
  size_t waiting() const;
  /// Sets what is called, from any thread, whenever there is something to take; an empty one ends that: it
  /// is not called after this returns.
  void set_news(std::function<void()> news);

 private:
  mutable std::mutex mutex_;
  std::string text_;
  size_t taken_ = 0;  ///< bytes of `text_`
  bool ended_ = false;
  std::function<void()> news_;
};

}  // namespace reelhouse::serve

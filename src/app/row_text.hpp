#pragma once

#include <string>

#include "engine/engine.hpp"

namespace reelhouse::app {

/// Collects output and writes it in large pieces. Ends the program when nobody reads any more
/// (quietly, with 0) or nothing can be written (with a message and 1).
class RowWriter {
 public:
  explicit RowWriter(int descriptor);
  std::string& text() { return text_; }
  void flush_when_large() {
    if (text_.size() >= kLarge) flush();
  }
  void flush();

 private:
  static constexpr size_t kLarge = size_t{1} << 16;
  int descriptor_;
  std::string text_;
};

/// Renders a cell as text; null as nothing.
std::string cell_text(const engine::Cell& cell);
bool is_null(const engine::Cell& cell);

}  // namespace reelhouse::app

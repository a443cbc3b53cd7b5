#include "serve/pieces.hpp"

#include <algorithm>

namespace reelhouse::serve {

void Pieces::add(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (ended_ || text.empty()) return;
  text_ += text;
  if (news_) news_();
}

void Pieces::end() {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  ended_ = true;
  if (news_) news_();
}

Pieces::Taken Pieces::take(size_t most) {
  const std::lock_guard lock(mutex_);
  Taken taken;
  taken.text = text_.substr(taken_, most);
  taken_ += taken.text.size();
  if (taken_ == text_.size()) {
    text_ = {};
    taken_ = 0;
    taken.ended = ended_;
  }
  return taken;
}

size_t Pieces::waiting() const {
  const std::lock_guard lock(mutex_);
  return text_.size() - taken_;
}

void Pieces::set_news(std::function<void()> news) {
  const std::lock_guard lock(mutex_);
  news_ = std::move(news);
}

}  // namespace reelhouse::serve

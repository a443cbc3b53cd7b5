#pragma once

#include <fmt/format.h>

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reelhouse {

/// Writes numbers in Prometheus's text format 0.0.4. A family is one name with one help and one type, and its
/// samples stand together, in whatever order they are added.
class Prometheus {
 public:
  /// Names and values of labels; values are escaped when they are written.
  using Labels = std::vector<std::pair<std::string_view, std::string>>;

  class Family {
   public:
    /// Adds a sample of a whole number, a real one, or a number that is rendered already.
    template <typename Value>
    Family& sample(const Labels& labels, const Value& value) {
      return part("", labels, value);
    }
    /// Adds a sample whose name has an ending: a histogram's `_bucket`, `_sum` and `_count`.
    template <typename Value>
    Family& part(std::string_view ending, const Labels& labels, const Value& value) {
      write(ending, labels, fmt::format("{}", value));
      return *this;
    }

   private:
    friend class Prometheus;
    void write(std::string_view ending, const Labels& labels, std::string_view value);
    std::string name_;
    std::string text_;
  };

  /// Returns the family of a name, which lives as long as this; the first call says its type (counter, gauge,
  /// histogram) and its help.
  Family& family(std::string_view name, std::string_view type, std::string_view help);

  /// Renders all families, in the order in which they were first named.
  std::string text() const;

 private:
  std::deque<Family> families_;  ///< a deque, so that none moves
};

}  // namespace reelhouse

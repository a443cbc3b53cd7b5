#include "model/testing/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace reelhouse::model {
namespace {

constexpr double kNearEnough = 1e-9;

bool are_near(const std::string& a, const std::string& b) {
  const double x = std::strtod(a.c_str(), nullptr);
  const double y = std::strtod(b.c_str(), nullptr);
  return std::abs(x - y) <= kNearEnough * std::max(std::abs(x), std::abs(y));
}

class Comparison {
 public:
  Comparison(const std::vector<ComparedColumn>& columns, const std::vector<TextRow>& expected,
             const std::vector<TextRow>& got)
      : columns_(columns), expected_(expected), got_(got) {}

  std::vector<Difference> by_place() const {
    std::vector<Difference> differences;
    for (size_t i = 0; i < std::max(expected_.size(), got_.size()); ++i) {
      if (i >= got_.size())
        differences.push_back({i, Difference::kNone, {}});
      else if (i >= expected_.size())
        differences.push_back({Difference::kNone, i, {}});
      else if (auto columns = differing(i, i); !columns.empty())
        differences.push_back({i, i, std::move(columns)});
    }
    return differences;
  }

  std::vector<Difference> as_bag() const {
    std::vector<size_t> missing;
    std::vector<bool> taken(got_.size(), false);
    for (size_t i = 0; i < expected_.size(); ++i) {
      const size_t match = find_equal(i, taken);
      if (match == Difference::kNone)
        missing.push_back(i);
      else
        taken[match] = true;
    }
    return pair(std::move(missing), std::move(taken));
  }

 private:
  bool equal(size_t expected, size_t got, size_t column) const {
    const TextCell& a = expected_[expected][column];
    const TextCell& b = got_[got][column];
    return a == b || (columns_[column].approximate && a && b && are_near(*a, *b));
  }

  std::vector<size_t> differing(size_t expected, size_t got) const {
    std::vector<size_t> columns;
    for (size_t i = 0; i < columns_.size(); ++i)
      if (!equal(expected, got, i)) columns.push_back(i);
    return columns;
  }

  size_t find_equal(size_t expected, const std::vector<bool>& taken) const {
    for (size_t i = 0; i < got_.size(); ++i)
      if (!taken[i] && differing(expected, i).empty()) return i;
    return Difference::kNone;
  }

  /// How many values two rows share; nulls alone are no likeness.
  size_t likeness(size_t expected, size_t got) const {
    size_t values = 0;
    size_t nulls = 0;
    for (size_t i = 0; i < columns_.size(); ++i)
      if (equal(expected, got, i)) ++(expected_[expected][i] ? values : nulls);
    return values == 0 ? 0 : 2 * values + nulls;
  }

  /// Pairs the likest first. A row of each that is left over at the end is a pair too.
  std::vector<Difference> pair(std::vector<size_t> missing, std::vector<bool> taken) const {
    std::vector<Difference> differences;
    while (true) {
      Difference best;
      size_t most = 0;
      for (const size_t i : missing)
        for (size_t j = 0; j < got_.size(); ++j)
          if (!taken[j] && likeness(i, j) > most) {
            most = likeness(i, j);
            best = {i, j, {}};
          }
      const auto left = std::ranges::count(taken, false);
      if (most == 0 && missing.size() == 1 && left == 1)
        best = {missing.front(), static_cast<size_t>(std::ranges::find(taken, false) - taken.begin()), {}};
      if (best.got == Difference::kNone) break;
      best.columns = differing(best.expected, best.got);
      std::erase(missing, best.expected);
      taken[best.got] = true;
      differences.push_back(std::move(best));
    }
    for (const size_t i : missing) differences.push_back({i, Difference::kNone, {}});
    std::ranges::sort(differences, {}, &Difference::expected);
    for (size_t i = 0; i < got_.size(); ++i)
      if (!taken[i]) differences.push_back({Difference::kNone, i, {}});
    return differences;
  }

  const std::vector<ComparedColumn>& columns_;
  const std::vector<TextRow>& expected_;
  const std::vector<TextRow>& got_;
};

}  // namespace

std::vector<Difference> compare(const std::vector<ComparedColumn>& columns,
                                const std::vector<TextRow>& expected, const std::vector<TextRow>& got,
                                bool ordered) {
  const Comparison comparison(columns, expected, got);
  return ordered ? comparison.by_place() : comparison.as_bag();
}

}  // namespace reelhouse::model
